#include "tools/load/result.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::load {
namespace {

// Longer than any run: of a call that has not ended.
constexpr int64_t kNeverNs = 4 * kLengthNsMax;

int64_t QuantileOfDue(const Batch& batch, double q) {
  const double wanted = q * static_cast<double>(batch.due);
  if (wanted > static_cast<double>(batch.ended)) return kNeverNs;
  return static_cast<int64_t>(
      batch.latency.Quantile(wanted / static_cast<double>(std::max<uint64_t>(1, batch.ended))));
}

std::string Number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::unique_ptr<StageResult> JudgeStage(const Sheet& sheet, size_t index, int64_t begin_ns,
                                        const Judgement& judgement) {
  auto result = std::make_unique<StageResult>();
  result->stage = sheet.grid().profile().stages()[index];
  result->begin_ns = begin_ns;
  const size_t first = index * kBatches;
  for (size_t i = first; i < first + kBatches; ++i) {
    const Batch& batch = sheet.batch(i);
    result->batches.push_back(
        {batch.due, batch.ended_in_it, QuantileOfDue(batch, 0.5), QuantileOfDue(batch, 0.99)});
    result->due += batch.due;
    result->ended += batch.ended;
    result->errors += batch.errors;
  }
  result->judged =
      judgement.judges_steadiness && !judgement.interrupted && result->stage.constant();
  if (result->judged) result->steadiness = JudgeSteadiness(result->batches);
  uint64_t ended_in_it = 0;
  for (size_t i = result->steadiness.warmup_batches; i < kBatches; ++i) {
    const Batch& batch = sheet.batch(first + i);
    ended_in_it += batch.ended_in_it;
    result->latency.Merge(batch.latency);
    result->sent.Merge(batch.sent);
    result->lag.Merge(batch.lag);
    result->queue.Merge(batch.queue);
  }
  // What an interrupted one had of its time.
  const int64_t had_ns =
      judgement.interrupted ? sheet.counts().last_due_seen_ns - begin_ns : result->stage.length_ns;
  const double seconds =
      static_cast<double>(std::clamp<int64_t>(had_ns, 1, result->stage.length_ns)) / 1e9;
  const double share = static_cast<double>(kBatches - result->steadiness.warmup_batches) / kBatches;
  result->due_per_second = static_cast<double>(result->due) / seconds;
  result->ended_per_second = static_cast<double>(ended_in_it) / (seconds * share);
  return result;
}

// "at 4000/s: " where there are several stages.
std::string Where(const Result& result, const StageResult& stage) {
  if (result.stages.size() == 1) return {};
  return Text("at ", Number(stage.stage.rate_begin, 0), "/s: ");
}

void AddSteadiness(const StageResult& stage, Result& result) {
  const std::string where = Where(result, stage);
  const auto duration = [](int64_t ns) {
    return ns >= kNeverNs ? std::string("no end at all") : FormatDurationNs(ns);
  };
  const std::string drift = Text("p50 goes from ", duration(stage.steadiness.from_ns), " to ",
                                 duration(stage.steadiness.to_ns));
  if (stage.steadiness.kind == Steadiness::Kind::kOverloaded) {
    result.faults.push_back(
        Text(where, "unsteady: the offered rate exceeds the capacity: ", drift, ", and ",
             Number(stage.ended_per_second, 0), " of ", Number(stage.due_per_second, 0),
             " calls a second end",
             stage.errors > 0 ? Text(", ", stage.errors, " calls with an error") : std::string()));
  } else if (stage.steadiness.kind == Steadiness::Kind::kUnsettled) {
    result.faults.push_back(Text(where, "unsteady: it has not settled in half of the time: ", drift,
                                 "  try: a longer --duration"));
  }
}

void AddGenerator(const StageResult& stage, double share_most, Result& result) {
  const std::optional<int64_t> p50 = QuantileOf(stage.latency, 0.5);
  if (!p50.has_value()) return;
  const auto lag = static_cast<int64_t>(stage.lag.Quantile(0.99));
  if (static_cast<double>(lag) <= share_most * static_cast<double>(*p50)) return;
  result.faults.push_back(
      Text(Where(result, stage), "the generator is the limit: p99 of its lag is ",
           FormatDurationNs(lag), ", more than ", Number(share_most * 100, 0), "% of p50 (",
           FormatDurationNs(*p50), ")  try: a machine with less to do, --processes, or --lag-max"));
}

}  // namespace

Result JudgeRun(const Sheet& sheet, const Judgement& judgement) {
  Result result;
  result.counts = sheet.counts();
  result.interrupted = judgement.interrupted;
  const Profile& profile = sheet.grid().profile();
  int64_t begin_ns = 0;
  for (size_t i = 0; i < profile.stages().size(); ++i) {
    result.stages.push_back(JudgeStage(sheet, i, begin_ns, judgement));
    begin_ns += profile.stages()[i].length_ns;
  }
  const Counts& counts = result.counts;
  const double seconds = static_cast<double>(profile.length_ns()) / 1e9;
  result.asked_per_second = static_cast<double>(judgement.asked) / seconds;
  result.issued_per_second = static_cast<double>(counts.due) /
                             std::max(seconds, static_cast<double>(counts.last_due_seen_ns) / 1e9);
  if (judgement.interrupted) return result;
  if (counts.not_sent > 0) {
    result.faults.push_back(Text(counts.not_sent, " of ", counts.due,
                                 " calls were not sent: they waited in vain for one of the places "
                                 "of --out"));
  }
  if (counts.unanswered > 0)
    result.faults.push_back(Text(counts.unanswered, " calls were out when the run ended"));
  for (const auto& stage : result.stages) {
    if (stage->judged) AddSteadiness(*stage, result);
    if (stage->told() && judgement.lag_share_most.has_value())
      AddGenerator(*stage, *judgement.lag_share_most, result);
  }
  if (judgement.lag_share_most.has_value() &&
      result.issued_per_second < kIssuedShareLeast * result.asked_per_second) {
    result.faults.push_back(Text("the generator is the limit: it issued ",
                                 Number(result.issued_per_second, 0), " of ",
                                 Number(result.asked_per_second, 0), " calls a second"));
  }
  if (counts.answered == 0 && counts.error_count() > 0)
    result.faults.push_back(Text("no call was answered; the first: ", counts.first_error));
  return result;
}

}  // namespace jackfield::load
