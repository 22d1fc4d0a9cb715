#include <algorithm>
#include <cstdio>
#include <optional>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "tools/cli/program.h"
#include "tools/load/report.h"

namespace jackfield::load {
namespace {

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string HistogramJson(std::string_view name, const Histogram& histogram, bool told) {
  std::string json = Text("\"", name, "\":{\"n\":", histogram.count());
  for (const double q : kShown) {
    const std::optional<int64_t> value = told ? QuantileOf(histogram, q) : std::nullopt;
    json += Text(",\"p", Number(q * 100),
                 "_ns\":", value.has_value() ? std::to_string(*value) : std::string("null"));
  }
  return Text(
      json, ",\"max_ns\":",
      told && histogram.count() > 0 ? std::to_string(histogram.max_ns()) : std::string("null"),
      "}");
}

std::string StageJson(const StageResult& stage) {
  const int64_t warmup_ns = stage.stage.length_ns *
                            static_cast<int64_t>(stage.steadiness.warmup_batches) /
                            static_cast<int64_t>(kBatches);
  return Text(
      "{\"rate_begin\":", Number(stage.stage.rate_begin),
      ",\"rate_end\":", Number(stage.stage.rate_end), ",\"length_ns\":", stage.stage.length_ns,
      ",\"due\":", stage.due, ",\"ended\":", stage.ended, ",\"errors\":", stage.errors,
      ",\"ended_per_s\":", Number(stage.ended_per_second), ",\"steadiness\":\"",
      stage.judged ? Name(stage.steadiness.kind) : "not judged", "\",\"warmup_ns\":", warmup_ns,
      ",", HistogramJson("from_intended", stage.latency, stage.told()), ",",
      HistogramJson("from_sent", stage.sent, stage.told()), ",",
      HistogramJson("lag", stage.lag, true), ",",
      HistogramJson("own_queue", stage.queue, stage.told()), "}");
}

}  // namespace

std::string JsonOf(const Heading& heading, const Result& result) {
  const Counts& counts = result.counts;
  const auto errors = [&](Outcome outcome) { return counts.errors[static_cast<size_t>(outcome)]; };
  std::string json = Text(
      "{\"method\":", JsonString(heading.method), ",\"address\":", JsonString(heading.address),
      ",\"schedule\":", JsonString(heading.schedule), ",\"terms\":", JsonString(heading.terms));
  json += Text(",\"valid\":", result.valid() ? "true" : "false",
               ",\"interrupted\":", result.interrupted ? "true" : "false", ",\"faults\":[");
  for (size_t i = 0; i < result.faults.size(); ++i)
    json += Text(i == 0 ? "" : ",", JsonString(result.faults[i]));
  json += Text("],\"asked_per_s\":", Number(result.asked_per_second),
               ",\"issued_per_s\":", Number(result.issued_per_second), ",\"due\":", counts.due,
               ",\"sent\":", counts.sent, ",\"answered\":", counts.answered,
               ",\"not_sent\":", counts.not_sent, ",\"unanswered\":", counts.unanswered);
  json += Text(",\"refused\":", errors(Outcome::kRefused), ",\"failed\":", errors(Outcome::kFailed),
               ",\"in_doubt\":", errors(Outcome::kInDoubt),
               ",\"answered_with_error\":", errors(Outcome::kOk), ",\"statuses\":{");
  bool first = true;
  for (size_t code = 0; code < kStatuses; ++code) {
    if (counts.statuses[code] == 0) continue;
    json +=
        Text(first ? "" : ",", "\"", absl::StatusCodeToString(static_cast<absl::StatusCode>(code)),
             "\":", counts.statuses[code]);
    first = false;
  }
  json +=
      Text("},\"first_error\":", JsonString(counts.first_error), ",\"out_most\":", counts.out_most,
           ",\"waiting_most\":", counts.waiting_most, ",\"stages\":[");
  for (size_t i = 0; i < result.stages.size(); ++i)
    json += Text(i == 0 ? "" : ",", StageJson(*result.stages[i]));
  return json + "]}";
}

}  // namespace jackfield::load
