#include "tools/load/page.h"

#include <optional>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/figures/page.h"
#include "tools/figures/plot.h"

namespace jackfield::load {
namespace {

using figures::Axis;
using figures::Curve;
using figures::Scale;
using figures::Unit;

const Axis kTime = {.title = "time since the start", .unit = Unit::kSeconds};
const Axis kLatency = {.title = "latency", .scale = Scale::kLog, .unit = Unit::kNs};

// A value of each slot in which something ended, or was due.
template <class ValueOf>
Curve OverTime(std::string label, const Sheet& sheet, ValueOf value_of) {
  Curve curve{std::move(label), {}};
  for (size_t i = 0; i + 1 < sheet.grid().slots(); ++i) {  // the last is all that came later
    const Slot& slot = sheet.slot(i);
    if (slot.due + slot.ended == 0) continue;
    const double middle_ns =
        (static_cast<double>(i) + 0.5) * static_cast<double>(sheet.grid().slot_ns());
    curve.points.emplace_back(middle_ns / 1e9, value_of(slot));
  }
  return curve;
}

std::string LatencyOverTime(const Sheet& sheet) {
  const auto quantile = [](double q) {
    return [q](const Slot& slot) { return static_cast<double>(slot.latency.Quantile(q)); };
  };
  const std::vector<Curve> curves = {
      OverTime("p50", sheet, quantile(0.5)), OverTime("p99", sheet, quantile(0.99)),
      OverTime("max", sheet,
               [](const Slot& slot) { return static_cast<double>(slot.latency.max_ns()); }),
      OverTime("generator's lag", sheet,
               [](const Slot& slot) { return static_cast<double>(slot.lag.Quantile(0.99)); })};
  return figures::LinePlot("latency from the intended moment, over time", kTime, kLatency, curves);
}

std::string RateOverTime(const Sheet& sheet) {
  const double per_second = 1e9 / static_cast<double>(sheet.grid().slot_ns());
  const auto rate = [&](std::string label, uint32_t Slot::*count) {
    return OverTime(std::move(label), sheet, [&, count](const Slot& slot) {
      return static_cast<double>(slot.*count) * per_second;
    });
  };
  const std::vector<Curve> curves = {rate("due", &Slot::due), rate("ended", &Slot::ended),
                                     rate("with an error", &Slot::errors)};
  return figures::LinePlot("calls a second, over time", kTime,
                           {.title = "calls a second", .unit = Unit::kPerSecond}, curves);
}

std::string StageSection(const StageResult& stage) {
  const std::string rate = stage.stage.constant() ? RateText(stage.stage.rate_begin)
                                                  : Text(RateText(stage.stage.rate_begin), " to ",
                                                         RateText(stage.stage.rate_end));
  if (!stage.told()) {
    return figures::Section(
        Text("Distribution at ", rate),
        figures::Paragraph(Text("None is told: the run is ", Name(stage.steadiness.kind), ".")));
  }
  const std::vector<Curve> curves = {figures::QuantileCurve("from intended", stage.latency),
                                     figures::QuantileCurve("from sent", stage.sent),
                                     figures::QuantileCurve("generator's lag", stage.lag)};
  return figures::Section(
      Text("Distribution at ", rate),
      figures::LinePlot("quantiles",
                        {.title = "quantile", .scale = Scale::kNines, .unit = Unit::kQuantile},
                        kLatency, curves));
}

std::string FiguresTable(const Result& result) {
  std::vector<std::vector<std::string>> rows = {
      {"rate", "of", "n", "p50", "p90", "p99", "p99.9", "max"}};
  for (const auto& stage : result.stages) {
    const auto add = [&](std::string_view what, const Histogram& histogram, bool told) {
      std::vector<std::string>& row = rows.emplace_back();
      row = {RateText(stage->stage.rate_begin), std::string(what),
             std::to_string(histogram.count())};
      for (const double q : kShown) {
        const std::optional<int64_t> value = told ? QuantileOf(histogram, q) : std::nullopt;
        row.push_back(value.has_value() ? FormatDurationNs(*value) : "-");
      }
      row.push_back(told ? FormatDurationNs(static_cast<int64_t>(histogram.max_ns())) : "-");
    };
    add("from intended", stage->latency, stage->told());
    add("from sent", stage->sent, stage->told());
    add("generator's lag", stage->lag, true);
    add("own queue", stage->queue, stage->told());
  }
  return figures::HtmlTable(rows);
}

}  // namespace

std::string PageOf(const Heading& heading, const Result& result, const Sheet& sheet) {
  const Counts& counts = result.counts;
  std::string body = figures::Paragraph(Text(heading.method, " at ", heading.address));
  body += figures::Paragraph(Text("asked ", heading.schedule, "; ", heading.terms));
  body += figures::Paragraph(Text(counts.due, " calls due, ", counts.sent, " sent, ",
                                  counts.answered, " answered, ", counts.error_count(), " errors, ",
                                  counts.not_sent, " not sent; ", RateText(result.asked_per_second),
                                  " asked, ", RateText(result.issued_per_second), " issued"));
  if (result.interrupted)
    body += figures::Paragraph("It was interrupted: this is what there was by then.");
  for (const std::string& fault : result.faults)
    body += figures::Paragraph(Text("Not to be believed: ", fault));
  body += figures::Section("Figures", FiguresTable(result));
  body += figures::Section("Latency over time", LatencyOverTime(sheet));
  body += figures::Section("Rate over time", RateOverTime(sheet));
  for (const auto& stage : result.stages) body += StageSection(*stage);
  return figures::Page(Text("jackfield load ", heading.method), body);
}

}  // namespace jackfield::load
