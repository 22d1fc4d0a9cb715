#include "tests/sim/journal.h"

#include "kernel/base/text.h"

namespace jackfield::sim_test {

const char* Name(Style style) {
  static constexpr const char* kNames[] = {"echo",        "held",      "slow",   "nested",
                                           "stream down", "stream up", "one-way"};
  return kNames[static_cast<size_t>(style)];
}

void Journal::Violate(const Record& record, const std::string& what) {
  violations_.push_back(Text(
      Name(record.style), " call ", record.id, ": ", what, " [runs ", record.runs, ", answers ",
      record.answers_ok, "+", record.answers_failed, ", ends ", record.ends, ", ended ",
      jackfield::Name(OutcomeOf(record.status)), "/", jackfield::Name(ReasonOf(record.status)),
      " after ", (record.ended_ns - record.started_ns) / 1000,
      " us: ", std::string(record.status.message()), "]"));
}

void Journal::CheckOrder(uint64_t key, uint64_t number) {
  const auto [place, first] = last_number_.emplace(key, number);
  if (!first && number <= place->second) {
    violations_.push_back(
        Text("one-way messages out of order: ", number, " after ", place->second));
  }
  place->second = number;
}

void Journal::CheckAll(Expected expected) {
  for (const Record& record : records_) {
    if (record.ends == 0) Violate(record, "never ended");
    if (record.runs > 1) Violate(record, "its handler ran more than once");
    if (record.ends != 1 || record.abandoned) continue;
    const Outcome outcome = OutcomeOf(record.status);
    const Reason reason = ReasonOf(record.status);
    ++outcomes_[static_cast<size_t>(outcome)];
    if (expected.never_late && record.ended_ns - record.started_ns > kPatienceNs)
      Violate(record, "waited, though nothing was in its way");
    switch (outcome) {
      case Outcome::kOk:
        if (record.style == Style::kOneWay) break;  // accepted; what became of it is in the ledger
        if (record.runs == 0) Violate(record, "answered, though no handler ran");
        if (record.status.ok() && record.answers_ok != 1)
          Violate(record, "OK, though its handler did not say so");
        if (!record.status.ok() && record.answers_failed != 1)
          Violate(record, "a status that its handler did not choose");
        break;
      case Outcome::kRefused:
      case Outcome::kFailed:
        if (record.runs > 0) Violate(record, "said not to have run, but it did");
        if (reason == Reason::kDeadline && record.ended_ns < record.deadline_ns)
          Violate(record, "a deadline before its time");
        if (outcome == Outcome::kFailed && !expected.had_losses && !record.by_us)
          Violate(record, "failed in a run without losses");
        break;
      case Outcome::kInDoubt:
        if (reason == Reason::kDeadline && record.ended_ns < record.deadline_ns)
          Violate(record, "a deadline before its time");
        if (reason != Reason::kDeadline && !expected.had_losses && !record.by_us)
          Violate(record, "in doubt in a run without losses");
        break;
    }
  }
}

}  // namespace jackfield::sim_test
