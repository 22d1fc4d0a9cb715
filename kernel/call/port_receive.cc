// The rest of Port: pulling messages, telling of cancels, questions, the end. From a frame to a
// handler is in port.cc.
#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/call/port.h"
#include "kernel/call/port_seat.h"

namespace jackfield {

// ---- Receive.

Port::ReceiveAwaiter::~ReceiveAwaiter() {
  if (call_ != nullptr) port_.TakeBack(*call_);
  if (!listed_) return;
  ReceiveAwaiter** at = &port_.receivers_;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
}

bool Port::ReceiveAwaiter::Wants(uint32_t type) const {
  return types_.empty() || std::find(types_.begin(), types_.end(), type) != types_.end();
}

bool Port::ReceiveAwaiter::await_ready() {
  if (port_.life_ == Life::kClosed) return done_ = true;
  port_.pulls_ = true;
  next_ = nullptr;
  ReceiveAwaiter** at = &port_.receivers_;
  while (*at != nullptr) at = &(*at)->next_;
  *at = this;
  listed_ = true;
  port_.DispatchWaiting();
  return done_;
}

void Port::EndReceivers() {
  life_ = Life::kClosed;
  while (receivers_ != nullptr) {
    ReceiveAwaiter* receiver = std::exchange(receivers_, receivers_->next_);
    receiver->listed_ = false;
    receiver->done_ = true;
    receiver->Resume();
  }
}

bool Port::IsReceived(uint32_t type) const {
  const ReceiveAwaiter* receiver = receivers_;
  while (receiver != nullptr && !receiver->Wants(type)) receiver = receiver->next_;
  return receiver != nullptr;
}

bool Port::OfferToReceivers(ServerCall& call) {
  for (ReceiveAwaiter** at = &receivers_; *at != nullptr; at = &(*at)->next_) {
    ReceiveAwaiter& receiver = **at;
    if (!receiver.Wants(call.type())) continue;
    *at = receiver.next_;
    receiver.listed_ = false;
    receiver.call_ = &call;
    call.handed_ = &receiver.call_;
    receiver.done_ = true;
    call.stage_ = ServerCall::Stage::kGoesOn;
    node_.SetCurrentCall(nullptr);
    WatchDeadline(call);
    receiver.Resume();
    return true;
  }
  return false;
}

void Port::TakeBack(ServerCall& call) {
  call.handed_ = nullptr;
  call.stage_ = ServerCall::Stage::kWaits;
  --under_way_;
  call.Unlink();
  inbox_[call.priority_].PushFront(call);
  ++waiting_;
  node_.timers().Arm(work_timer_, 0);
}

void Port::Finish(ServerCall& call) {
  if (!call.one_way_ && !call.answered_)
    call.Fail(absl::InternalError("the receiver finished without an answer")).IgnoreError();
  End(call);
}

// ---- Cancelled calls.

void Port::TellOfCancel(ServerCall& call) {
  call.cancel_untold_ = true;
  ++untold_;
  node_.timers().Arm(work_timer_, 0);
}

// What is told may end its call, and others: after it, none is looked at again.
void Port::TellUntold() {
  for (; untold_ > 0; --untold_) {
    ServerCall* call = running_.front();
    while (call != nullptr && !call->cancel_untold_) call = running_.next(call);
    if (call == nullptr) break;  // it has ended since
    call->cancel_untold_ = false;
    call->Unlink();
    running_.PushBack(*call);  // so that the next one is found in front
    InlineFunction<void()> tell = std::move(call->on_cancel_);
    try {
      if (tell) tell();
    } catch (...) {
      SayThrown("the function of OnCancel", std::current_exception());
    }
  }
  untold_ = 0;
}

// ---- Questions and the end.

absl::Status Port::Closed() { return Refused(Reason::kClosed, "the port was closed"); }

Ledger Port::ledger() const {
  Ledger sum = gone_;
  for (const auto& seat : seats_) sum.Add(seat->session().ledger());
  return sum;
}

void Port::StartClose() {
  StopServing();
  if (life_ != Life::kServes) return;
  life_ = Life::kCloses;
  for (auto& seat : seats_) {
    // Who has not said hello gets no word: its client takes that for a service that is not there
    // yet, and comes back.
    if (seat->session().state() == Session::State::kHello)
      seat->session().Fail(Closed());
    else
      seat->session().StartClose();
  }
}

bool Port::at_rest() const {
  uint32_t streams = 0;
  for (const ServerCall* call = running_.front(); call != nullptr;
       call = running_.next(const_cast<ServerCall*>(call)))
    streams += call->stream_ != nullptr ? 1 : 0;
  return waiting_ == 0 && under_way_ <= streams &&
         std::none_of(seats_.begin(), seats_.end(), [](const auto& seat) {
           const Session& session = seat->session();
           return session.state() == Session::State::kOpen &&
                  (session.link().has_tx() || session.link().has_rx() || !session.outbox_empty());
         });
}

bool Port::closed() const {
  return under_way_ == 0 && at_rest() &&
         std::all_of(seats_.begin(), seats_.end(), [](const auto& seat) {
           return seat->session().receipt_came() ||
                  seat->session().state() != Session::State::kOpen;
         });
}

// The messages that had come and nobody answers for: the callers of the others are told.
void Port::TellLoss() {
  uint64_t lost = lost_;
  const auto count = [&lost](const List<ServerCall, CallTag>& calls) {
    for (ServerCall* call = calls.front(); call != nullptr; call = calls.next(call))
      lost += call->one_way_ ? 1 : 0;
  };
  count(running_);
  for (const auto& inbox : inbox_) count(inbox);
  if (lost > 0 && !node_.forked())
    node_.TellLoss(Text(lost,
                        lost == 1 ? " message that had come was" : " messages that had come were",
                        " not handled"));
}

std::vector<Receipt> Port::Close(nanoseconds timeout) {
  StartClose();
  if (!node_.in_turn())
    node_.RunUntil([this] { return closed(); }, AfterNs(node_.clock().NowNs(), timeout.count()));
  EndReceivers();
  std::vector<Receipt> receipts;
  for (auto& seat : seats_) {
    seat->session().AckNow();
    seat->session().Fail(Closed());
    if (seat->session().peer_epoch() != 0) receipts.push_back(seat->session().receipt());
  }
  return receipts;
}

}  // namespace jackfield
