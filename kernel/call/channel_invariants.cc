// What is true of a Channel between two pieces of work, for tests.
#include "kernel/base/check.h"
#include "kernel/call/channel.h"

namespace jackfield {

struct Channel::Invariants {
  static absl::Status OfCalls(const Channel& c);
  static absl::Status OfCall(const Channel& c, const Slot& slot);
  static absl::Status OfSessions(const Channel& c);
};

absl::Status Channel::CheckInvariants() const {
  if (absl::Status status = session_->CheckInvariants(); !status.ok()) return status;
  if (left_ != nullptr) {
    if (absl::Status status = left_->CheckInvariants(); !status.ok()) return status;
  }
  if (absl::Status status = Invariants::OfCalls(*this); !status.ok()) return status;
  return Invariants::OfSessions(*this);
}

absl::Status Channel::Invariants::OfCalls(const Channel& c) {
  uint32_t used = 0, free = 0;
  for (const Slot& slot : c.slots_) {
    if (slot.id == 0) continue;
    ++used;
    if (absl::Status status = OfCall(c, slot); !status.ok()) return status;
  }
  for (uint32_t at = c.free_; at < c.slots_.size(); at = c.slots_[at].next_free) {
    JF_RULE(c.slots_[at].id == 0, "a free place has no call");
    JF_RULE(++free <= c.slots_.size(), "the free places are no circle");
  }
  JF_RULE(used == c.calls_, "calls_ is how many calls are under way");
  JF_RULE(used + free == c.slots_.size(), "a place is free or has a call");
  return absl::OkStatus();
}

absl::Status Channel::Invariants::OfCall(const Channel& c, const Slot& slot) {
  JF_RULE((slot.id & (kCallsMax - 1)) == static_cast<uint64_t>(&slot - c.slots_.data()),
          "a call's number ends with its place");
  JF_RULE(slot.waiter != nullptr, "somebody waits for each call");
  JF_RULE(slot.session != nullptr &&
              (slot.session == c.session_.get() || slot.session == c.left_.get()),
          "a call is under way on a session of its channel");
  JF_RULE(slot.session->state() != Session::State::kEnded,
          "no call is under way on a session that has ended");
  if (slot.deadline_ns > c.node_.now_ns()) {  // else the timer is about to fire
    JF_RULE(!slot.queued || !slot.session->outbox_empty(), "a queued request is in the outbox");
    JF_RULE(slot.deadline_ns == Timers::kNever ||
                (c.deadline_timer_.armed() && c.deadline_timer_.due_ns() <= slot.deadline_ns),
            "the timer is armed for the nearest deadline");
  }
  JF_RULE(slot.deadline_ns == Timers::kNever || c.deadline_timer_.armed(),
          "a call with a deadline has a timer");
  return absl::OkStatus();
}

absl::Status Channel::Invariants::OfSessions(const Channel& c) {
  JF_RULE(c.ended_why_.ok() || c.session_->state() == Session::State::kEnded,
          "a channel that has ended begins nothing");
  JF_RULE(!c.lingers_ || (c.calls_ == 0 && c.deadline_timer_.armed()),
          "what lingers has no calls, and an end");
  return absl::OkStatus();
}

}  // namespace jackfield
