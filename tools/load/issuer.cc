#include "tools/load/issuer.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "kernel/base/outcome.h"

namespace jackfield::load {
namespace {

uint64_t Length(int64_t from_ns, int64_t to_ns) {
  return static_cast<uint64_t>(std::max<int64_t>(0, to_ns - from_ns));
}

}  // namespace

void Issuer::Due(uint64_t number, int64_t due_ns, int64_t now_ns) {
  Counts& counts = sheet_.counts();
  Batch& batch = sheet_.batch(sheet_.grid().BatchAt(due_ns));
  Slot& slot = sheet_.slot(sheet_.grid().SlotAt(due_ns));
  ++counts.due;
  ++batch.due;
  ++slot.due;
  counts.last_due_seen_ns = now_ns;
  batch.lag.Add(Length(due_ns, now_ns));
  slot.lag.Add(Length(due_ns, now_ns));
  const Call call{number, due_ns, now_ns, 0};
  if (waiting_.empty() && TrySend(call, now_ns)) return ShowGauges(now_ns);
  if (waiting_.size() >= limits_.waiting_max) {
    ++counts.not_sent;
    return;
  }
  waiting_.push_back(call);
  ShowGauges(now_ns);
}

void Issuer::SendWaiting(int64_t now_ns, uint32_t most) {
  for (; most > 0 && !waiting_.empty() && TrySend(waiting_.front(), now_ns); --most)
    waiting_.pop_front();
}

bool Issuer::TrySend(const Call& call, int64_t now_ns) {
  if (out_ >= limits_.out_max) return false;
  const uint32_t place = TakePlace();
  places_[place] = call;
  places_[place].sent_ns = now_ns;
  const absl::Status sent = sender_.Send(call.number, place);
  if (!sent.ok() && ReasonOf(sent) == Reason::kBackPressure) {
    free_.push_back(place);
    return false;
  }
  Counts& counts = sheet_.counts();
  ++counts.sent;
  if (sent.ok()) {
    ++out_;
  } else {
    Count(places_[place], sent, now_ns);
    free_.push_back(place);
  }
  counts.out_most = std::max<uint64_t>(counts.out_most, out_);
  return true;
}

uint32_t Issuer::TakePlace() {
  if (free_.empty()) {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size() - 1);
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  return place;
}

void Issuer::Ended(uint32_t place, const absl::Status& status, int64_t now_ns) {
  if (over_) return;
  Count(places_[place], status, now_ns);
  free_.push_back(place);
  --out_;
}

void Issuer::Count(const Call& call, const absl::Status& status, int64_t now_ns) {
  Counts& counts = sheet_.counts();
  const Grid& grid = sheet_.grid();
  Batch& batch = sheet_.batch(grid.BatchAt(call.due_ns));
  Slot& slot = sheet_.slot(grid.SlotAt(now_ns));
  ++batch.ended;
  if (now_ns < grid.profile().length_ns()) ++sheet_.batch(grid.BatchAt(now_ns)).ended_in_it;
  ++slot.ended;
  if (status.ok()) {
    ++counts.answered;
  } else {
    ++batch.errors;
    ++slot.errors;
    ++counts.errors[static_cast<size_t>(OutcomeOf(status)) % kOutcomes];
    ++counts.statuses[static_cast<size_t>(status.code()) % kStatuses];
    if (counts.first_error[0] == '\0') {
      const std::string_view text(status.message().data(), status.message().size());
      text.copy(counts.first_error, sizeof counts.first_error - 1);
    }
  }
  batch.latency.Add(Length(call.due_ns, now_ns));
  batch.sent.Add(Length(call.sent_ns, now_ns));
  batch.queue.Add(Length(call.seen_ns, call.sent_ns));
  slot.latency.Add(Length(call.due_ns, now_ns));
}

void Issuer::ShowGauges(int64_t now_ns) {
  Counts& counts = sheet_.counts();
  counts.waiting_most = std::max<uint64_t>(counts.waiting_most, waiting_.size());
  Slot& slot = sheet_.slot(sheet_.grid().SlotAt(now_ns));
  slot.out = std::max(slot.out, out_);
  slot.waiting = std::max(slot.waiting, static_cast<uint32_t>(waiting_.size()));
}

void Issuer::GiveUp() {
  sheet_.counts().not_sent += waiting_.size();
  sheet_.counts().unanswered += out_;
  waiting_.clear();
  out_ = 0;
  over_ = true;
}

}  // namespace jackfield::load
