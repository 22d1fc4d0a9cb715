// What is true of a Port between two pieces of work, for tests.
#include <algorithm>

#include "kernel/base/check.h"
#include "kernel/call/port.h"
#include "kernel/call/port_seat.h"

namespace jackfield {

struct Port::Invariants {
  static absl::Status OfHandlers(const Port& p);
  static absl::Status OfWaiting(const Port& p);
  static absl::Status OfRunning(const Port& p);
  static absl::Status OfSeats(const Port& p);
  static bool MayGo(const Port& p, const ServerCall& call);
};

absl::Status Port::CheckInvariants() const {
  for (const auto check : {Invariants::OfHandlers, Invariants::OfWaiting, Invariants::OfRunning,
                           Invariants::OfSeats}) {
    if (absl::Status status = check(*this); !status.ok()) return status;
  }
  for (const auto& seat : seats_) {
    if (absl::Status status = seat->session().CheckInvariants(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Port::Invariants::OfHandlers(const Port& p) {
  for (size_t i = 1; i < p.handlers_.size(); ++i)
    JF_RULE(p.handlers_[i - 1].type < p.handlers_[i].type, "handlers are in the order of types");
  return absl::OkStatus();
}

// Could it be dispatched now, but for the number of handlers?
bool Port::Invariants::MayGo(const Port& p, const ServerCall& call) {
  const auto is_of_it = [&call](const HandlerEntry& entry) { return entry.type == call.type(); };
  return (call.session_ == nullptr || call.session_->outbox_empty()) &&
         (!p.pulls_ || p.IsReceived(call.type()) ||
          std::any_of(p.handlers_.begin(), p.handlers_.end(), is_of_it));
}

absl::Status Port::Invariants::OfWaiting(const Port& p) {
  uint32_t waiting = 0;
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    const auto& inbox = p.inbox_[priority];
    for (ServerCall* call = inbox.front(); call != nullptr; call = inbox.next(call)) {
      ++waiting;
      JF_RULE(call->priority_ == priority, "a message waits in the list of its priority");
      JF_RULE(call->stage_ == ServerCall::Stage::kWaits, "what waits is not under way");
      JF_RULE(!call->answered_ && !call->task_ && call->handed_ == nullptr,
              "nobody has what waits");
      JF_RULE(call->place_.linked() == (call->session_ != nullptr),
              "what comes for a call finds it as long as its session lives");
      JF_RULE(call->unhandled_.linked() == (call->session_ != nullptr),
              "what waits is not handled");
      JF_RULE(p.pace_ != Pace::kDispatches || p.Busy() || p.work_timer_.armed() || !MayGo(p, *call),
              "a message that could be dispatched does not wait");
    }
  }
  JF_RULE(waiting == p.waiting_, "waiting_ is how many messages wait");
  return absl::OkStatus();
}

absl::Status Port::Invariants::OfRunning(const Port& p) {
  uint32_t under_way = 0, untold = 0;
  for (ServerCall* call = p.running_.front(); call != nullptr; call = p.running_.next(call)) {
    under_way += call->counts() ? 1 : 0;
    untold += call->cancel_untold_ ? 1 : 0;
    JF_RULE(call->stage_ > ServerCall::Stage::kRuns,
            "a handler returns in the piece of work that began it");
    JF_RULE(call->stage_ != ServerCall::Stage::kHeld || (call->held_ && !call->answered_),
            "who holds a call has not answered it");
    JF_RULE(call->place_.linked() == (call->session_ != nullptr),
            "what comes for a call finds it as long as its session lives");
    JF_RULE(call->session_ != nullptr || call->cancelled_,
            "a call whose session has ended is cancelled");
    JF_RULE(call->cancelled_ || call->deadline_ns_ == Timers::kNever ||
                (p.deadline_timer_.armed() && (p.deadline_timer_.due_ns() <= call->deadline_ns_ ||
                                               call->deadline_ns_ <= p.node_.now_ns())),
            "the timer is armed for the nearest deadline");
  }
  for (ServerCall* call = p.ended_.front(); call != nullptr; call = p.ended_.next(call)) {
    under_way += call->counts() ? 1 : 0;
    JF_RULE(p.work_timer_.armed(), "what has ended is put away");
  }
  JF_RULE(under_way == p.under_way_, "under_way_ is how many handlers are under way");
  JF_RULE(under_way <= p.options_.handlers_max, "no more are than handlers_max");
  JF_RULE(untold <= p.untold_, "untold_ is how many cancels are to be told, at least");
  JF_RULE(p.untold_ == 0 || p.work_timer_.armed(), "a cancel is told");
  return absl::OkStatus();
}

absl::Status Port::Invariants::OfSeats(const Port& p) {
  uint32_t silent = 0;
  for (const auto& seat : p.seats_) {
    const Session::State state = seat->session().state();
    JF_RULE(seat->linked() == (state == Session::State::kHello),
            "who has not said hello is among the silent");
    JF_RULE(!seat->dead() || p.work_timer_.armed(), "the seat of who has gone is put away");
    silent += seat->linked() ? 1 : 0;
  }
  JF_RULE(silent == p.silent_count_, "silent_count_ is how many have not said hello");
  JF_RULE(p.pace_ != Pace::kResuming || p.work_timer_.armed(), "who resumes goes on");
  return absl::OkStatus();
}

}  // namespace jackfield
