#include "tools/bench/table.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/figures/quantile.h"

namespace jackfield::bench {
namespace {

constexpr size_t kNameColumns = 25;
constexpr double kQuantiles[] = {0.5, 0.99, 0.999};

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  const int bytes = std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return std::string(text,
                     static_cast<size_t>(std::clamp(bytes, 0, static_cast<int>(sizeof text) - 1)));
}

// "4.5us", "812ns"
std::string Duration(uint64_t ns) {
  return FormatDurationNs(static_cast<int64_t>(std::min<uint64_t>(ns, INT64_MAX)));
}
std::string Duration(double ns) { return Duration(static_cast<uint64_t>(ns)); }

std::string Rate(double number) {
  if (number >= 1e6) return Format("%.3gM", number / 1e6);
  if (number >= 1e3) return Format("%.3gk", number / 1e3);
  return Format("%.3g", number);
}

std::string Count(std::optional<double> number) {
  return number.has_value() ? Format(*number < 0.005 ? "0" : "%.3g", *number) : "-";
}

// Names are cut in the middle of nothing important: what does not fit ends with "…".
std::string Cut(std::string_view name, size_t columns) {
  if (name.size() <= columns) return std::string(name);
  return Text(name.substr(0, columns - 1), "…");
}

std::string Padded(std::string text, size_t columns) {
  size_t shown = 0;
  for (const char c : text) shown += (c & 0xc0) != 0x80;  // a character, not a byte
  return shown < columns ? text + std::string(columns - shown, ' ') : text;
}

std::string Right(std::string_view text, int columns) {
  return Format("%*.*s", columns, static_cast<int>(text.size()), text.data());
}

std::string NoiseText(const Series& series, std::string_view whose) {
  if (!series.noisy()) return {};
  return Text("  noisy: others had ", whose, " CPU for ", Format("%.0f", *series.noise() * 100),
              "% of the time; it says little\n");
}

}  // namespace

std::string BenchTable::Title() const {
  std::string head = Text(Name(options_.mode), ", ", FormatBytes(options_.size_bytes));
  if (options_.mode == Mode::kFanin)
    head += Text(", ", options_.connections, " connections, ", options_.depth,
                 " calls outstanding on each");
  head += Format(", %u x %gs, pin %s", options_.rounds, options_.seconds,
                 std::string(Name(options_.pin)).c_str());
  if (options_.one_cpu && options_.pin != Pin::kSame) head += ", one CPU for both";
  return head;
}

std::string BenchTable::Head() const {
  std::string head = Text(Title(), "\n\n", Padded("OVER", kNameColumns));
  if (options_.mode == Mode::kThroughput) {
    head += Format("%9s%9s%8s%10s%10s", "MSGS/S", "GB/S", "N", "CPU SEND", "CPU TAKE");
  } else {
    head += Format("%7s%7s%7s%7s%6s%8s%7s", "P50", "P99", "P99.9", "MAX", "N", "CALLS/S", "CPU");
    if (options_.counts) head += Format("%6s%5s", "SYS", "NEW");
  }
  return Text(head, options_.floor ? Right("RATIO", 6) : std::string(), "\n");
}

std::string BenchTable::Line(const Series& series, std::string_view name, const Row* row) {
  any_ = true;
  std::string line = Padded(Cut(name, kNameColumns), kNameColumns);
  const Histogram& latency = series.latency();
  const std::string count = Rate(static_cast<double>(series.count()));
  if (options_.mode == Mode::kThroughput) {
    line += Format("%9s%9.3f%8s%10s%10s", Rate(series.per_second()).c_str(),
                   series.gb_per_second(options_.size_bytes), count.c_str(),
                   Duration(series.cpu_ns(Side::kClient)).c_str(),
                   Duration(series.cpu_ns(Side::kServer)).c_str());
  } else {
    for (const double q : kQuantiles) {
      const std::optional<int64_t> value = figures::QuantileOf(latency, q);
      if (!value.has_value() && untold_ == 0) untold_ = q;
      if (!value.has_value()) untold_ = std::min(untold_, q);
      line += Right(value.has_value() ? FormatDurationNs(*value) : "-", 7);
    }
    line += Right(Duration(latency.max_ns()), 7) + Right(count, 6) +
            Right(Rate(series.per_second()), 8) +
            Right(series.cpu_ns() > 0 ? Duration(series.cpu_ns()) : "-", 7);
    if (options_.counts) {
      line += Right(row == nullptr ? "" : Count(row->system_calls), 6) +
              Right(row == nullptr ? "" : Count(series.allocations()), 5);
    }
  }
  if (row != nullptr && options_.floor) {
    const std::optional<Ratio> ratio = row->ratio(options_.mode);
    line += Right(
        ratio.has_value() ? Format(ratio->median < 100 ? "%.2f" : "%.0f", ratio->median) : "-", 6);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

std::string BenchTable::Lines(const Row& row) {
  if (!row.lacks.empty()) return Text(Padded(row.bus.name, kNameColumns), " ", row.lacks, "\n");
  std::string lines = Line(row.bus, row.bus.name, &row);
  if (row.interrupted) lines += "  interrupted: this is what there was by then\n";
  lines += NoiseText(row.bus, "its");
  if (row.floor == nullptr || row.floor->figures().empty()) return lines;
  lines += Line(*row.floor, Text("  floor, ", row.floor_kind), nullptr);
  return lines + NoiseText(*row.floor, "the floor's");
}

std::string BenchTable::Foot() const {
  if (!any_) return {};
  std::string foot;
  if (untold_ > 0) {
    foot += Text("-  too few calls to tell: ", Format("p%g", untold_ * 100), " needs ",
                 figures::SamplesFor(untold_), "\n");
  }
  if (options_.counts) {
    foot +=
        "CPU, SYS, NEW: of a call, both sides together. SYS: system calls with ?spin=0, counted "
        "by\n"
        "ptrace in a run of its own; an end that spins also looks by them. NEW: allocations by\n"
        "operator new, counted in the run that was timed.\n";
  }
  if (options_.mode != Mode::kThroughput) foot += Text(kClosedLoop, "\n");
  return foot.empty() ? foot : "\n" + foot;
}

}  // namespace jackfield::bench
