#include "tools/bench/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::bench {
namespace {

[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...) {
  char text[512];
  va_list values;
  va_start(values, format);
  const int bytes = std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return std::string(text,
                     static_cast<size_t>(std::clamp(bytes, 0, static_cast<int>(sizeof text) - 1)));
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return quoted + "\"";
}

std::string JsonLine(const Options& options, const Series& series, std::string_view more) {
  const Histogram& latency = series.latency();
  const auto quantile = [&](double q) {
    return static_cast<unsigned long long>(latency.Quantile(q));
  };
  std::string line =
      Text("{\"name\":", Quoted(series.name), ",\"mode\":\"", Name(options.mode), "\"");
  line +=
      Format(",\"size\":%llu,\"count\":%llu", static_cast<unsigned long long>(options.size_bytes),
             static_cast<unsigned long long>(series.count()));
  line +=
      Format(",\"p50_ns\":%llu,\"p90_ns\":%llu,\"p99_ns\":%llu,\"p999_ns\":%llu,\"max_ns\":%llu",
             quantile(0.5), quantile(0.9), quantile(0.99), quantile(0.999),
             static_cast<unsigned long long>(latency.max_ns()));
  line += Format(",\"msgs_per_s\":%.1f,\"gb_per_s\":%.6f", series.per_second(),
                 series.gb_per_second(options.size_bytes));
  line += Format(",\"connections\":%u,\"depth\":%u,\"rounds\":%zu", options.connections,
                 options.depth, series.figures().size());
  line += Text(",\"pin\":\"", Name(options.pin), "\"");
  line += Format(",\"client_cpu_ns\":%.0f,\"server_cpu_ns\":%.0f", series.client_cpu_ns(),
                 series.server_cpu_ns());
  return Text(line, more, "}\n");
}

// "4.5us", "812ns"
std::string Duration(uint64_t ns) {
  return FormatDurationNs(static_cast<int64_t>(std::min<uint64_t>(ns, INT64_MAX)));
}

std::string Rate(double per_second) {
  if (per_second >= 1e6) return Format("%.3gM", per_second / 1e6);
  if (per_second >= 1e3) return Format("%.3gk", per_second / 1e3);
  return Format("%.3g", per_second);
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

constexpr size_t kNameColumns = 28;

std::string TableLine(const Options& options, const Series& series, std::string_view indent,
                      std::string_view ratio) {
  std::string line = Padded(Cut(Text(indent, series.name), kNameColumns), kNameColumns);
  const Histogram& latency = series.latency();
  if (options.mode == Mode::kThroughput) {
    line += Format("%10s %10.3f", Rate(series.per_second()).c_str(),
                   series.gb_per_second(options.size_bytes));
    line += Format(" %10s %10s", Duration(static_cast<uint64_t>(series.client_cpu_ns())).c_str(),
                   Duration(static_cast<uint64_t>(series.server_cpu_ns())).c_str());
  } else {
    for (const double quantile : {0.5, 0.9, 0.99, 0.999})
      line += Format("%8s", Duration(latency.Quantile(quantile)).c_str());
    line += Format("%9s", Rate(series.per_second()).c_str());
  }
  line += Format("%9s", std::string(ratio).c_str());
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

}  // namespace

void Series::Add(Mode mode, const Run& run) {
  latency_->Merge(run.latency);
  count_ += run.count;
  elapsed_ns_ += run.elapsed_ns;
  client_cpu_ns_ += static_cast<double>(run.client_cpu_ns);
  server_cpu_ns_ += static_cast<double>(run.server_cpu_ns);
  cpu_count_ += static_cast<double>(run.cpu_count);
  figures_.push_back(mode == Mode::kLatency ? static_cast<double>(run.latency.Quantile(0.5))
                                            : run.PerSecond());
}

Ratio Compare(Mode mode, const Series& bus, const Series& floor) {
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(bus.figures().size(), floor.figures().size()); ++i) {
    const double ours = bus.figures()[i], medium = floor.figures()[i];
    if (ours <= 0 || medium <= 0) continue;
    ratios.push_back(mode == Mode::kLatency ? ours / medium : medium / ours);
  }
  if (ratios.empty()) return {};
  std::sort(ratios.begin(), ratios.end());
  const size_t half = ratios.size() / 2;
  const double median =
      ratios.size() % 2 == 1 ? ratios[half] : (ratios[half - 1] + ratios[half]) / 2;
  const double floor_cpu_ns = floor.client_cpu_ns() + floor.server_cpu_ns();
  const double cpu =
      floor_cpu_ns > 0 ? (bus.client_cpu_ns() + bus.server_cpu_ns()) / floor_cpu_ns : 0;
  return {median, ratios.front(), ratios.back(), cpu};
}

std::string Json(const Options& options, const Row& row) {
  if (row.floor == nullptr) return JsonLine(options, row.bus, "");
  const Ratio ratio = Compare(options.mode, row.bus, *row.floor);
  return JsonLine(
             options, row.bus,
             Text(Format(",\"ratio\":%.5g,\"ratio_min\":%.5g,\"ratio_max\":%.5g,\"cpu_ratio\":%.5g",
                         ratio.median, ratio.least, ratio.most, ratio.cpu),
                  ",\"floor\":", Quoted(row.floor->name))) +
         JsonLine(options, *row.floor, "");
}

std::string TableHead(const Options& options) {
  std::string head = Text(Name(options.mode), ", ", FormatBytes(options.size_bytes));
  if (options.mode == Mode::kFanin)
    head += Text(", ", options.connections, " connections, ", options.depth,
                 " calls outstanding on each");
  head += Format(", %u x %gs, pin %s\n\n", options.rounds, options.seconds,
                 std::string(Name(options.pin)).c_str());
  head += Padded("OVER", kNameColumns);
  head += options.mode == Mode::kThroughput
              ? Format("%10s %10s %10s %10s", "MSGS/S", "GB/S", "CPU SEND", "CPU TAKE")
              : Format("%8s%8s%8s%8s%9s", "P50", "P90", "P99", "P99.9", "CALLS/S");
  return Text(head, options.floor ? "    RATIO" : "", "\n");
}

std::string TableLines(const Options& options, const Row& row) {
  if (row.floor == nullptr) return TableLine(options, row.bus, "", "");
  const Ratio ratio = Compare(options.mode, row.bus, *row.floor);
  return TableLine(options, row.bus, "", Format("%.2f", ratio.median)) +
         TableLine(options, *row.floor, "  floor ", "");
}

}  // namespace jackfield::bench
