#include "tools/trace/waterfall.h"

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::trace {
namespace {

// Of UTF-8, in characters.
size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string Padded(std::string text, size_t width) {
  const size_t is = WidthOf(text);
  if (is < width) text.append(width - is, ' ');
  return text;
}

class Bar {
 public:
  Bar(const Trace& trace, size_t columns)
      : begun_ns_(trace.begun_ns()),
        took_ns_(std::max<int64_t>(trace.took_ns(), 1)),
        columns_(columns) {}

  std::string Of(const Call& call) const {
    std::vector<std::string_view> cells(columns_, " ");
    const End whole = *(call.at_caller ? call.at_caller : call.at_service);
    if (!call.at_caller || !call.at_service) {
      Fill(cells, whole.begun_ns, whole.ended_ns, "━");
    } else {
      Fill(cells, whole.begun_ns, whole.ended_ns, "·");
      Fill(cells, call.at_service->begun_ns, call.at_service->handled_ns, "─");
      Fill(cells, call.at_service->handled_ns, call.at_service->ended_ns, "━");
    }
    std::string text;
    for (const std::string_view cell : cells) text += cell;
    return text;
  }

 private:
  // However short it was, it is a cell.
  void Fill(std::vector<std::string_view>& cells, int64_t from_ns, int64_t to_ns,
            std::string_view with) const {
    const size_t from = std::min(At(from_ns), columns_ - 1);
    const size_t to = std::clamp(At(to_ns), from + 1, columns_);
    std::fill(cells.begin() + static_cast<ptrdiff_t>(from),
              cells.begin() + static_cast<ptrdiff_t>(to), with);
  }
  size_t At(int64_t ns) const {
    const double part = static_cast<double>(ns - begun_ns_) / static_cast<double>(took_ns_);
    return static_cast<size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(columns_));
  }

  const int64_t begun_ns_, took_ns_;
  const size_t columns_;
};

struct Line {
  std::string ends, method, took;
};

}  // namespace

std::string WaterfallOf(const Trace& trace, size_t columns) {
  std::vector<Line> lines;
  size_t ends = 0, method = 0, took = 0;
  for (const Call& call : trace.calls) {
    Line line{Text(call.caller, " → ", call.service),
              std::string(2 * size_t{call.depth}, ' ') + call.method,
              FormatDurationNs(call.took_ns())};
    ends = std::max(ends, WidthOf(line.ends));
    method = std::max(method, WidthOf(line.method));
    took = std::max(took, WidthOf(line.took));
    lines.push_back(std::move(line));
  }
  const size_t words = ends + method + took + 8;  // with what stands between them
  const Bar bar(trace, columns > words + kBarLeast ? columns - words : kBarLeast);
  std::string text = Text("trace ", trace.Id(), "  ", FormatDurationNs(trace.took_ns()), ", ",
                          trace.calls.size(), trace.calls.size() == 1 ? " call\n" : " calls\n");
  for (size_t i = 0; i < lines.size(); ++i) {
    const Call& call = trace.calls[i];
    text += Text(Padded(lines[i].ends, ends), "  ", Padded(lines[i].method, method), "  ",
                 Padded(lines[i].took, took), "  ▕", bar.Of(call), "▏");
    if (call.code() != 0) {
      text += Text(" ", absl::StatusCodeToString(static_cast<absl::StatusCode>(call.code())));
    } else if (!call.at_service || !call.at_caller) {
      text += call.at_service ? " (of the service alone)" : " (of the caller alone)";
    }
    text += '\n';
  }
  return text;
}

}  // namespace jackfield::trace
