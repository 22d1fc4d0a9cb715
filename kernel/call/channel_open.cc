// How a Channel comes to its session: its address, the attempts to connect, and what is said of it.
#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/call/channel.h"
#include "kernel/common_params.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

constexpr int64_t kRetryNsMax = 100'000'000;

// Takes the parameters that every channel understands out of the address.
absl::StatusOr<Address> TakeOptions(const Address& address, Node& node, ChannelOptions& options) {
  const absl::StatusOr<std::optional<OnFull>> on_full = ReadOnFull(address);
  if (!on_full.ok()) return on_full.status();
  options.on_full = on_full->value_or(options.on_full);
  return TakeSpin(address.Without("on_full"), node);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> Channel::Open(Node& node, std::string_view address,
                                                       ChannelOptions options) {
  if (absl::Status status = node.Usable(); !status.ok()) return status;
  absl::StatusOr<Address> parsed = node.registry().Parse(address);
  if (!parsed.ok()) return parsed.status();
  return Open(node, *parsed, std::move(options));
}

absl::StatusOr<std::unique_ptr<Channel>> Channel::Open(Node& node, const Address& address,
                                                       ChannelOptions options) {
  if (options.calls_max < 1 || options.calls_max > kCallsMax) {
    return absl::InvalidArgumentError(
        Text("calls_max is 1..", kCallsMax, ", not ", options.calls_max));
  }
  absl::StatusOr<Address> inner = TakeOptions(address, node, options);
  if (!inner.ok()) return inner.status();
  absl::StatusOr<Registry::Stacked> stacked =
      node.registry().Stack(*inner, Role::kConnect, options.needs, options.message_bytes_max);
  if (!stacked.ok()) return stacked.status();
  std::unique_ptr<Channel> channel(
      new Channel(node, std::move(stacked->address), std::move(options)));
  channel->TryConnect();
  return channel;
}

Channel::Channel(Node& node, Address address, ChannelOptions options)
    : node_(node),
      address_(std::move(address)),
      options_(std::move(options)),
      connect_deadline_ns_(AfterUs(node.clock().NowNs(), options_.connect_us)),
      connect_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->OnConnectTimer(); },
                     this),
      deadline_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->OnDeadline(); }, this) {
  attempt_ = std::make_unique<Attempt>(*this);
  session_ = std::make_unique<Session>(node_, Session::Side::kClient, options_.session,
                                       options_.needs.fds, *this);
  slots_.resize(options_.calls_max);
  for (uint32_t i = 0; i < options_.calls_max; ++i) slots_[i].next_free = i + 1;
}

// ---- Connecting.

void Channel::OnConnectTimer() {
  if (connecting_) {
    attempt_->opening.reset();
    OnOpenFailed(Refused(Reason::kUnreachable, "no connection in time"));
  }
  if (!ended_why_.ok()) return session_->Fail(ended_why_);
  TryConnect();
}

void Channel::TryConnect() {
  const int64_t now_ns = node_.clock().NowNs();
  connecting_ = true;
  node_.timers().Arm(connect_timer_,
                     AfterNs(std::max(now_ns, connect_deadline_ns_), options_.session.hello_ns));
  attempt_->opening.reset();
  absl::StatusOr<std::unique_ptr<Opening>> opening =
      node_.registry().Open(address_, Role::kConnect, node_, *attempt_);
  if (opening.ok()) {
    attempt_->opening = *std::move(opening);
  } else {
    OnOpenFailed(opening.status());
  }
}

void Channel::OnOpenFailed(absl::Status status) {
  connecting_ = false;
  const int64_t now_ns = node_.clock().NowNs();
  if (status.code() == absl::StatusCode::kUnavailable && now_ns < connect_deadline_ns_) {
    // Jitter, so that many clients of a restarted service do not come back at once.
    const int64_t wait_ns =
        retry_ns_ / 2 + static_cast<int64_t>(node_.NextRandom() % static_cast<uint64_t>(retry_ns_));
    retry_ns_ = std::min(kRetryNsMax, retry_ns_ * 2);
    last_attempt_ = std::move(status);
    node_.timers().Arm(connect_timer_, std::min(now_ns + wait_ns, connect_deadline_ns_));
    return;
  }
  if (ended_why_.ok()) {
    const Reason told = ReasonOf(status);
    const Reason reason = told == Reason::kNone ? Reason::kUnreachable : told;
    ended_why_ =
        MakeStatus(Outcome::kRefused, reason, static_cast<int>(status.code()),
                   Text("connect ", address_.ToString(), ": ", std::string(status.message())));
  }
  node_.timers().Arm(connect_timer_, 0);  // later: this may be inside Open
}

void Channel::OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
  connecting_ = false;
  node_.timers().Cancel(connect_timer_);
  link_ = &node_.AddLink(std::move(driver), std::move(traits), this);
  session_->Attach(*link_);
}

absl::Status Channel::WaitOpen() {
  const absl::Status waited =
      BlockUntil(node_, false, [this] { return open() || !ended_why_.ok(); });
  return waited.ok() ? ended_why_ : waited;
}

std::string Channel::Describe() const {
  if (!ended_why_.ok())
    return Text(address_.ToString(), " (ended: ", std::string(ended_why_.message()), ")");
  if (!open()) return Text(address_.ToString(), " (connecting)");
  const PeerIdentity& peer = session_->identity();
  if (session_->one_way()) return Text(link_->traits().description, ", one way");
  return Text(link_->traits().description, ", to ", session_->peer_name(),
              peer.known ? Text(", pid ", peer.pid) : "");
}

}  // namespace jackfield
