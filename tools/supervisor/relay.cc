#include "tools/supervisor/relay.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "kernel/text.h"

namespace jackfield {
namespace {

// Told apart by people with any kind of colour vision, on dark and on light.
constexpr std::string_view kColours[] = {"\x1b[36m", "\x1b[33m", "\x1b[34m", "\x1b[35m"};

// On a narrow terminal a piece that goes on in a second line would not be covered by the next
// (DECAWM: XTerm Control Sequences).
constexpr std::string_view kDoNotWrap = "\x1b[?7l", kWrap = "\x1b[?7h";

}  // namespace

Screen Screen::OfStderr() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  Screen screen;
  screen.terminal = isatty(screen.fd) == 1;
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  screen.colour = screen.terminal && !set("NO_COLOR") && !dumb;
  return screen;
}

void Screen::Write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // somebody made our stderr non-blocking
      pollfd wait{fd, POLLOUT, 0};
      poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

Relay::Relay(const Screen& screen, std::string_view name, size_t name_width, size_t colour_number)
    : screen_(screen) {
  prefix_ = Text(name, std::string(std::max(name_width, name.size()) - name.size(), ' '), " | ");
  if (screen.colour)
    prefix_ = Text(kColours[colour_number % std::size(kColours)], prefix_, "\x1b[0m");
}

void Relay::Take(std::string_view bytes) {
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
      if (screen_.terminal && !line_.empty())
        out += Text(kDoNotWrap, prefix_, line_, "\x1b[K\r", kWrap);
    } else {
      out += Text(prefix_, line_, screen_.terminal ? "\x1b[K\n" : "\n");
      if (!bytes.empty() && bytes[0] == '\n') bytes.remove_prefix(1);
    }
    line_.clear();
  }
  screen_.Write(out);
}

void Relay::End() {
  if (!line_.empty()) Take("\n");
}

}  // namespace jackfield
