// The end of a Channel, and what lingers of it: a channel without calls that sees to it that what
// was sent one way is handled, for the node's grace at most.
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/call/channel.h"

namespace jackfield {

Channel::~Channel() {
  const bool hands_over = MayLinger();
  if (ended_why_.ok()) {
    ended_why_ =
        lingers_ ? Refused(Reason::kClosed, Text("not within ", FormatDurationNs(node_.grace_ns())))
                 : Refused(Reason::kCancelled, "the channel was destroyed");
  }
  if (hands_over) {
    EndAll(ended_why_);
    new Channel(*this);  // the node keeps it
  } else {
    node_.EndOpening(std::move(attempt_->opening));
    session_->Fail(ended_why_);
    TellLoss();
  }
  node_.timers().Cancel(connect_timer_);
  node_.timers().Cancel(deadline_timer_);
  if (link_ != nullptr) node_.RemoveLink(*link_);
}

bool Channel::MayLinger() const {
  return node_.grace_ns() > 0 && !lingers_ && !told_ && ended_why_.ok() && !node_.forked() &&
         session_->owes_one_way();
}

Channel::Channel(Channel& gone)
    : node_(gone.node_),
      address_(gone.address_),
      options_(std::move(gone.options_)),
      attempt_(std::move(gone.attempt_)),
      link_(std::exchange(gone.link_, nullptr)),
      session_(std::move(gone.session_)),
      last_attempt_(std::move(gone.last_attempt_)),
      connect_deadline_ns_(gone.connect_deadline_ns_),
      retry_ns_(gone.retry_ns_),
      connecting_(gone.connecting_),
      connect_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->OnConnectTimer(); },
                     this),
      deadline_timer_([](Timer& timer) { delete static_cast<Channel*>(timer.user); }, this),
      lingers_(true) {
  attempt_->channel = this;
  session_->SetUser(*this);
  if (link_ != nullptr) link_->SetOwner(this);
  if (gone.connect_timer_.armed()) node_.timers().Arm(connect_timer_, gone.connect_timer_.due_ns());
  node_.timers().Arm(deadline_timer_, AfterNs(node_.clock().NowNs(), node_.grace_ns()));
  node_.Keep(*this);
  session_->StartClose();
}

void Channel::EndLinger() { node_.timers().Arm(deadline_timer_, 0); }

void Channel::TellLoss() {
  if (told_ || node_.forked() || !session_->owes_one_way()) return;
  const Receipt receipt = session_->receipt();
  // What cannot answer has done its part when its medium has it.
  const uint64_t handled = session_->one_way() ? receipt.delivered : receipt.handled;
  const uint64_t in_doubt = receipt.in_doubt + receipt.handled + receipt.delivered - handled;
  const uint64_t lost = receipt.undelivered + in_doubt;
  const bool connected = session_->has_link() || last_attempt_.ok();
  const absl::Status& why = connected ? ended_why_ : last_attempt_;
  node_.TellLoss(Text(lost, " of ", handled + lost, " messages to ",
                      options_.role.empty() ? address_.ToString() : options_.role,
                      " were not handled: ", receipt.undelivered, " not sent, ", in_doubt,
                      " in doubt (", std::string(why.message()), ")"));
}

}  // namespace jackfield
