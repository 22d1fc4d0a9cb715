#include "kernel/connector.h"

#include <algorithm>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/registry.h"

namespace jackfield {

Connector::Connector(Node& node, Address address, int64_t attempt_ns, User& user)
    : node_(node),
      address_(std::move(address)),
      attempt_ns_(attempt_ns),
      user_(&user),
      timer_([](Timer& timer) { static_cast<Connector*>(timer.user)->OnTimer(); }, this) {}

Connector::~Connector() { Stop(); }

void Connector::Stop() {
  phase_ = Phase::kIdle;
  node_.timers().Cancel(timer_);
  node_.EndOpening(std::move(opening_));
}

void Connector::Arm(Phase phase, int64_t due_ns) {
  phase_ = phase;
  node_.timers().Arm(timer_, due_ns);
}

void Connector::Start(int64_t until_ns) {
  until_ns_ = until_ns;
  hurry_until_ns_ = until_ns;
  Attempt();
}

void Connector::StartAgain(const absl::Status& why) {
  const int64_t now_ns = node_.clock().NowNs();
  gone_why_ = last_failure_ = why;
  hurry_until_ns_ = AfterNs(now_ns, kHurryNs);
  pause_ns_ = std::min(pause_ns_, kPauseNs);
  if (now_ns - opened_ns_ < kSettledNs) return Pause(now_ns);
  pause_ns_ = kFirstPauseNs;
  Arm(Phase::kPause, 0);  // later: this may be inside the end of the link
}

void Connector::GoTo(Address address) {
  Stop();
  gone_why_ = absl::UnavailableError(Text("moved from ", address_.ToString()));
  address_ = std::move(address);
}

void Connector::StartNow() {
  pause_ns_ = kFirstPauseNs;
  hurry_until_ns_ = AfterNs(node_.clock().NowNs(), kHurryNs);
  Arm(Phase::kPause, 0);
}

void Connector::Opened() {
  again_ = true;
  opened_ns_ = node_.clock().NowNs();
  last_failure_ = absl::OkStatus();
}

// Jitter, so that many clients of a restarted service do not come back at once.
void Connector::Pause(int64_t now_ns) {
  const int64_t pause_ns =
      pause_ns_ / 2 + static_cast<int64_t>(node_.NextRandom() % static_cast<uint64_t>(pause_ns_));
  pause_ns_ = std::min(now_ns < hurry_until_ns_ ? kPauseNs : kIdlePauseNs, pause_ns_ * 2);
  const int64_t due_ns = now_ns + pause_ns;
  Arm(Phase::kPause, again_ ? due_ns : std::min(due_ns, until_ns_));
}

void Connector::Hurry() {
  const int64_t now_ns = node_.clock().NowNs();
  hurry_until_ns_ = std::max(hurry_until_ns_, AfterNs(now_ns, kHurryNs));
  pause_ns_ = std::min(pause_ns_, kPauseNs);
  if (phase_ != Phase::kPause || timer_.due_ns() <= AfterNs(now_ns, kPauseNs)) return;
  node_.timers().Arm(timer_, 0);
}

void Connector::Attempt() {
  const int64_t now_ns = node_.clock().NowNs();
  Arm(Phase::kAttempt, AfterNs(again_ ? now_ns : std::max(now_ns, until_ns_), attempt_ns_));
  opening_.reset();
  absl::StatusOr<std::unique_ptr<Opening>> opening =
      node_.registry().Open(address_, Role::kConnect, node_, *this);
  if (opening.ok())
    opening_ = *std::move(opening);
  else
    TryAgain(opening.status());
}

void Connector::OnTimer() {
  switch (std::exchange(phase_, Phase::kIdle)) {
    case Phase::kIdle:
      return;
    case Phase::kAttempt:
      opening_.reset();
      return TryAgain(Refused(Reason::kUnreachable, "no connection in time"));
    case Phase::kPause:
      return Attempt();
    case Phase::kEnd:
      return user_->OnNoConnection(end_why_);
  }
}

void Connector::OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
  phase_ = Phase::kIdle;
  node_.timers().Cancel(timer_);
  user_->OnConnection(std::move(driver), std::move(traits));
}

void Connector::TryAgain(absl::Status why) {
  const int64_t now_ns = node_.clock().NowNs();
  const bool may_pass = why.code() == absl::StatusCode::kUnavailable ||
                        (again_ && (why.code() == absl::StatusCode::kResourceExhausted));
  if (may_pass && (again_ || now_ns < until_ns_)) {
    last_failure_ = std::move(why);
    return Pause(now_ns);
  }
  const Reason told = ReasonOf(why);
  const std::string text(why.message());
  end_why_ = MakeStatus(Outcome::kRefused, told == Reason::kNone ? Reason::kUnreachable : told,
                        static_cast<int>(why.code()),
                        again_ ? Text(std::string(gone_why_.message()), "; connect again: ", text)
                        : text.starts_with("connect ")
                            ? text  // what the medium was asked is said, and where
                            : Text("connect ", address_.ToString(), ": ", text));
  Arm(Phase::kEnd, 0);  // later: this may be inside Open
}

}  // namespace jackfield
