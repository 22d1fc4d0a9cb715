#include "tools/load/report.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/table.h"

namespace jackfield::load {
namespace {

std::string StageText(const Stage& stage) {
  if (stage.constant()) return RateText(stage.rate_begin);
  return Text(RateText(stage.rate_begin), "..", RateText(stage.rate_end));
}

// Quantiles of what the service did are told of a run that it keeps up with only.
void AddRow(Table& table, const Result& result, const StageResult& stage, std::string_view what,
            const Histogram& histogram, bool told) {
  std::vector<std::string> cells;
  if (result.stages.size() > 1) cells.push_back(StageText(stage.stage));
  cells.push_back(std::string(what));
  cells.push_back(std::to_string(histogram.count()));
  for (const double q : kShown) {
    const std::optional<int64_t> value = QuantileOf(histogram, q);
    cells.push_back(told && value.has_value() ? FormatDurationNs(*value) : "-");
  }
  cells.push_back(told && histogram.count() > 0
                      ? FormatDurationNs(static_cast<int64_t>(histogram.max_ns()))
                      : "-");
  table.Add(std::move(cells));
}

std::string LatencyTable(const Result& result) {
  std::vector<std::string> head = {"LATENCY", "N", "P50", "P90", "P99", "P99.9", "MAX"};
  if (result.stages.size() > 1) head.insert(head.begin(), "RATE");
  Table table(std::move(head));
  for (const auto& stage : result.stages) {
    AddRow(table, result, *stage, "from intended", stage->latency, stage->told());
    AddRow(table, result, *stage, "from sent", stage->sent, stage->told());
    AddRow(table, result, *stage, "generator's lag", stage->lag, true);
    AddRow(table, result, *stage, "own queue", stage->queue, stage->told());
  }
  return table.ToString();
}

// Of a stage with many rates.
std::string RampTable(const StageResult& stage) {
  Table table({"RATE", "DUE", "ENDED", "P50", "P99"});
  const double step = (stage.stage.rate_end - stage.stage.rate_begin) / kBatches;
  for (size_t i = 0; i < stage.batches.size(); ++i) {
    const BatchFigures& batch = stage.batches[i];
    const auto cell = [&](int64_t ns, double q) {
      const bool told = batch.due >= SamplesFor(q) && ns <= kLengthNsMax;
      return told ? FormatDurationNs(ns) : std::string("-");
    };
    table.Add({RateText(stage.stage.rate_begin + step * (static_cast<double>(i) + 0.5)),
               std::to_string(batch.due), std::to_string(batch.ended_in_it),
               cell(batch.p50_ns, 0.5), cell(batch.p99_ns, 0.99)});
  }
  return table.ToString();
}

std::string ErrorText(const Counts& counts) {
  constexpr std::pair<Outcome, std::string_view> kWords[] = {
      {Outcome::kRefused, "refused"},
      {Outcome::kFailed, "failed"},
      {Outcome::kInDoubt, "in doubt"},
      {Outcome::kOk, "answered with an error"}};
  std::vector<std::string> parts;
  for (const auto& [outcome, words] : kWords) {
    const uint64_t count = counts.errors[static_cast<size_t>(outcome)];
    if (count > 0) parts.push_back(Text(count, " ", words));
  }
  std::string text;
  for (const std::string& part : parts) text += Text(text.empty() ? "" : ", ", part);
  std::string statuses;
  for (size_t code = 0; code < kStatuses; ++code) {
    if (counts.statuses[code] == 0) continue;
    statuses += Text(statuses.empty() ? "" : ", ", counts.statuses[code], " ",
                     absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
  }
  return Text("errors   ", text, "; ", statuses, "; the first: ", Escaped(counts.first_error),
              "\n");
}

std::string NoteOf(const Result& result) {
  for (const auto& stage : result.stages) {
    for (const double q : kShown) {
      if (!stage->told() || QuantileOf(stage->latency, q).has_value()) continue;
      char name[32];
      std::snprintf(name, sizeof name, "p%g", q * 100);
      return Text("-        too few calls to tell: ", name, " needs ", SamplesFor(q), "\n");
    }
  }
  return {};
}

std::string WarmupText(const Result& result) {
  std::string text;
  for (const auto& stage : result.stages) {
    const size_t batches = stage->steadiness.warmup_batches;
    if (batches == 0) continue;
    const int64_t ns =
        stage->stage.length_ns * static_cast<int64_t>(batches) / static_cast<int64_t>(kBatches);
    text += Text(text.empty() ? "warm-up  " : ", ", FormatDurationNs(ns), " left out",
                 result.stages.size() > 1 ? Text(" of ", StageText(stage->stage)) : std::string());
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::string RateText(double per_second) {
  char text[32];
  std::snprintf(text, sizeof text, per_second < 10 ? "%.3g/s" : "%.0f/s", per_second);
  return text;
}

std::string_view Name(Steadiness::Kind kind) {
  switch (kind) {
    case Steadiness::Kind::kSteady:
      return "steady";
    case Steadiness::Kind::kOverloaded:
      return "overloaded";
    case Steadiness::Kind::kUnsettled:
      return "unsettled";
    case Steadiness::Kind::kUnknown:
      break;
  }
  return "unknown";
}

std::string TableOf(const Heading& heading, const Result& result) {
  const Counts& counts = result.counts;
  double ended_per_second = 0;
  for (const auto& stage : result.stages) ended_per_second = stage->ended_per_second;
  std::string text = Text(heading.method, " at ", heading.address, "\nasked    ", heading.schedule,
                          "; ", heading.terms, "\n");
  text += Text("calls    ", counts.due, " due, ", counts.sent, " sent, ", counts.answered,
               " answered, ", counts.error_count(), " errors, ", counts.not_sent, " not sent");
  if (counts.unanswered > 0) text += Text(", ", counts.unanswered, " still out");
  text += Text("; at most ", counts.out_most, " out, ", counts.waiting_most, " in the own queue\n");
  text += Text("rate     ", RateText(result.asked_per_second), " asked, ",
               RateText(result.issued_per_second), " issued");
  if (result.stages.size() == 1) text += Text(", ", RateText(ended_per_second), " ended");
  text += "\n" + WarmupText(result);
  if (counts.error_count() > 0) text += ErrorText(counts);
  text += "\n" + LatencyTable(result);
  for (const auto& stage : result.stages) {
    if (!stage->stage.constant()) text += "\n" + RampTable(*stage);
  }
  return text + NoteOf(result);
}

}  // namespace jackfield::load
