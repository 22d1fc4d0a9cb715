#include "tools/bench/page.h"

#include <cstdio>
#include <optional>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/bench/table.h"
#include "tools/figures/page.h"
#include "tools/figures/plot.h"
#include "tools/figures/quantile.h"

namespace jackfield::bench {
namespace {

using figures::MarkedRow;
using figures::Scale;
using figures::Unit;

constexpr double kQuantiles[] = {0.5, 0.99, 0.999};
const std::vector<std::string> kMarks = {"p50", "p99", "p99.9", "max"};

std::string Number(std::optional<double> value, const char* format = "%.3g") {
  if (!value.has_value()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, format, *value);
  return text;
}

// Calls `take(series, label, is_floor)` for all that was measured.
template <class Take>
void ForEachSeries(std::span<const Row> rows, Take take) {
  for (const Row& row : rows) {
    if (!row.lacks.empty()) continue;
    take(row.bus, row.bus.name, false);
    if (row.floor != nullptr && !row.floor->figures().empty())
      take(*row.floor, Text("floor, ", row.floor_kind), true);
  }
}

MarkedRow MarkedRowOf(const Series& series, std::string label, bool is_floor) {
  MarkedRow row{std::move(label), {}, is_floor};
  for (const double q : kQuantiles)
    row.values.push_back(static_cast<double>(figures::QuantileOf(series.latency(), q).value_or(0)));
  row.values.push_back(static_cast<double>(series.latency().max_ns()));
  return row;
}

std::string LatencyPlot(std::span<const Row> rows) {
  std::vector<MarkedRow> marked;
  ForEachSeries(rows, [&](const Series& series, std::string label, bool is_floor) {
    marked.push_back(MarkedRowOf(series, std::move(label), is_floor));
  });
  return figures::MarkPlot("latency of each transport", {.title = "latency", .scale = Scale::kLog},
                           kMarks, marked);
}

std::string RatePlot(const Options& options, std::span<const Row> rows) {
  std::vector<MarkedRow> marked;
  ForEachSeries(rows, [&](const Series& series, std::string label, bool is_floor) {
    marked.push_back({std::move(label), {series.per_second()}, is_floor});
  });
  const std::string what =
      options.mode == Mode::kThroughput ? "messages a second" : "calls a second";
  const std::vector<std::string> marks = {what};
  return figures::MarkPlot(what, {.title = what, .scale = Scale::kLog, .unit = Unit::kPerSecond},
                           marks, marked);
}

// The whole distribution of each, bus and floor in one picture.
std::string Distributions(std::span<const Row> rows) {
  std::string html;
  for (const Row& row : rows) {
    if (!row.lacks.empty() || row.bus.latency().count() == 0) continue;
    std::vector<figures::Curve> curves;
    ForEachSeries({&row, 1}, [&](const Series& series, std::string label, bool) {
      curves.push_back(figures::QuantileCurve(std::move(label), series.latency()));
    });
    html += figures::Section(
        Text("Distribution: ", row.bus.name),
        figures::LinePlot(Text("quantiles of ", row.bus.name),
                          {.title = "quantile", .scale = Scale::kNines, .unit = Unit::kQuantile},
                          {.title = "latency", .scale = Scale::kLog}, curves));
  }
  return html;
}

std::string FiguresTable(const Options& options, std::span<const Row> rows) {
  std::vector<std::vector<std::string>> cells = {{"over", "p50", "p99", "p99.9", "max", "n",
                                                  "a second", "CPU", "system calls", "allocations",
                                                  "ratio", "ratio, least and most", ""}};
  for (const Row& row : rows) {
    if (!row.lacks.empty()) {
      cells.push_back({row.bus.name, row.lacks});
      continue;
    }
    ForEachSeries({&row, 1}, [&](const Series& series, const std::string& label, bool is_floor) {
      std::vector<std::string>& line = cells.emplace_back();
      line.push_back(label);
      for (const double q : kQuantiles) {
        const std::optional<int64_t> value = figures::QuantileOf(series.latency(), q);
        line.push_back(value.has_value() ? FormatDurationNs(*value) : "-");
      }
      const std::optional<Ratio> ratio = is_floor ? std::nullopt : row.ratio(options.mode);
      line.insert(
          line.end(),
          {FormatDurationNs(static_cast<int64_t>(series.latency().max_ns())),
           std::to_string(series.count()),
           figures::ValueText(series.per_second(), Unit::kPerSecond),
           FormatDurationNs(static_cast<int64_t>(series.cpu_ns())),
           is_floor ? "" : Number(row.system_calls), is_floor ? "" : Number(series.allocations()),
           ratio ? Number(ratio->median, "%.2f") : "",
           ratio ? Text(Number(ratio->least, "%.2f"), " … ", Number(ratio->most, "%.2f")) : "",
           series.noisy() ? "noisy" : ""});
    });
  }
  return figures::HtmlTable(cells);
}

}  // namespace

std::string PageOf(const Options& options, std::span<const Row> rows) {
  const bool timed = options.mode != Mode::kThroughput;
  std::string body = figures::Paragraph(BenchTable(options).Title());
  body += figures::Section("Figures", FiguresTable(options, rows));
  body += figures::Paragraph(
      "CPU, system calls and allocations are of one call or message, both sides together. System "
      "calls are counted with ?spin=0, by ptrace, in a run of their own; allocations by operator "
      "new, in the run that was timed. A dash: not known, or too few calls to tell. Noisy: others "
      "had a CPU that it could have used for more than 1 % of the time.");
  if (timed) {
    body += figures::Paragraph(std::string(kClosedLoop));
    body += figures::Section("Latency", LatencyPlot(rows));
  }
  body += figures::Section("Rate", RatePlot(options, rows));
  if (timed) body += Distributions(rows);
  return figures::Page("jackfield bench", body);
}

}  // namespace jackfield::bench
