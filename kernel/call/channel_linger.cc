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
    EndCalls(*session_, ended_why_);
    if (left_ != nullptr) EndCalls(*left_, ended_why_);
    session_->WakeWaiters(Timers::kNever);  // they are refused
    new Channel(*this);                     // the node keeps it
  } else {
    FailAll();
    TellLoss();
  }
  node_.timers().Cancel(deadline_timer_);
}

bool Channel::MayLinger() const {
  return node_.grace_ns() > 0 && !lingers_ && !told_ && ended_why_.ok() && !node_.forked() &&
         (session_->owes_one_way() ||
          (left_ != nullptr && left_->state() == Session::State::kOpen && left_->owes_one_way()));
}

Channel::Channel(Channel& gone)
    : node_(gone.node_),
      options_(std::move(gone.options_)),
      connector_(std::move(gone.connector_)),
      session_(std::move(gone.session_)),
      left_(std::move(gone.left_)),
      past_ledger_(gone.past_ledger_),
      past_receipt_(gone.past_receipt_),
      past_owes_(gone.past_owes_),
      instance_(gone.instance_),
      deadline_timer_([](Timer& timer) { delete static_cast<Channel*>(timer.user); }, this),
      reconnects_(false),
      lingers_(true) {
  connector_->SetUser(*this);
  session_->SetUser(*this);
  if (left_ != nullptr) left_->SetUser(*this);
  node_.timers().Arm(deadline_timer_, AfterNs(node_.clock().NowNs(), node_.grace_ns()));
  node_.Keep(*this);
  session_->StartClose();
  if (left_ != nullptr) left_->StartClose();
}

void Channel::EndLinger() { node_.timers().Arm(deadline_timer_, 0); }

void Channel::TellLoss() {
  if (told_ || node_.forked() || !owes_one_way()) return;
  const Receipt receipt = this->receipt();
  // What cannot answer has done its part when its medium has it.
  const uint64_t handled = session_->one_way() ? receipt.delivered : receipt.handled;
  const uint64_t in_doubt = receipt.in_doubt + receipt.handled + receipt.delivered - handled;
  const uint64_t lost = receipt.undelivered + in_doubt;
  const absl::Status& failed = connector_->last_failure();
  const absl::Status& why = session_->has_link() || failed.ok() ? ended_why_ : failed;
  node_.TellLoss(Text(lost, " of ", handled + lost, " messages to ",
                      options_.role.empty() ? address().ToString() : options_.role,
                      " were not handled: ", receipt.undelivered, " not sent, ", in_doubt,
                      " in doubt (", std::string(why.message()), ")"));
}

}  // namespace jackfield
