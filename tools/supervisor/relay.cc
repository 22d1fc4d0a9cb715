#include "tools/supervisor/relay.h"

#include <algorithm>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// Told apart by people with any kind of colour vision, on dark and on light.
constexpr std::string_view kColours[] = {"\x1b[36m", "\x1b[33m", "\x1b[34m", "\x1b[35m"};

// On a narrow terminal a piece that goes on in a second line would not be covered by the next
// (DECAWM: XTerm Control Sequences).
constexpr std::string_view kDoNotWrap = "\x1b[?7l", kWrap = "\x1b[?7h";

}  // namespace

Relay::Relay(Outlet& outlet, LogWriter& log, std::string_view name, size_t name_width,
             size_t colour_number)
    : outlet_(&outlet), log_(&log), name_(name) {
  prefix_ = Text(name, std::string(std::max(name_width, name.size()) - name.size(), ' '), " | ");
  if (outlet.screen().colour)
    prefix_ = Text(kColours[colour_number % std::size(kColours)], prefix_, "\x1b[0m");
}

void Relay::Take(std::string_view bytes) {
  const bool terminal = outlet_ != nullptr && outlet_->screen().terminal;
  std::string out;
  while (!bytes.empty()) {
    const size_t end =
        std::min({bytes.find_first_of("\r\n"), bytes.size(), kLineBytesMax - line_.size()});
    line_ += bytes.substr(0, end);
    bytes.remove_prefix(end);
    if (bytes.empty() && line_.size() < kLineBytesMax) break;
    const bool progress = !bytes.empty() && bytes[0] == '\r' && bytes.substr(0, 2) != "\r\n";
    if (!bytes.empty() && bytes[0] == '\r') bytes.remove_prefix(1);
    if (progress) {
      if (terminal && !line_.empty()) out += Text(kDoNotWrap, prefix_, line_, "\x1b[K\r", kWrap);
    } else {
      log_->Append(name_, line_);
      out += Text(prefix_, line_, terminal ? "\x1b[K\n" : "\n");
      if (!bytes.empty() && bytes[0] == '\n') bytes.remove_prefix(1);
    }
    line_.clear();
  }
  if (outlet_ != nullptr) outlet_->Write(out, Outlet::Whose::kService);
}

void Relay::End() {
  if (!line_.empty()) Take("\n");
}

}  // namespace jackfield
