// How a Channel comes to its session, from one to the next, and to its end.
#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/base/units.h"
#include "kernel/call/channel.h"
#include "kernel/common_params.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

// Takes the parameters that every channel understands out of the address.
absl::StatusOr<Address> TakeOptions(const Address& address, Node& node, ChannelOptions& options) {
  const absl::StatusOr<std::optional<OnFull>> on_full = ReadOnFull(address);
  if (!on_full.ok()) return on_full.status();
  options.on_full = on_full->value_or(options.on_full);
  return TakeSpin(address.Without("on_full"), node);
}

constexpr int64_t kLookNs = 1'000'000;

absl::Status Moved() { return Refused(Reason::kClosed, "the channel has moved"); }

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
      new Channel(node, std::move(stacked->address), stacked->caps.inherited, std::move(options)));
  node.channels().PushBack(*channel);
  channel->connector_->Start(
      AfterNs(node.clock().NowNs(), channel->options_.connect_timeout.count()));
  return channel;
}

Channel::Channel(Node& node, Address address, bool inherited, ChannelOptions options)
    : node_(node),
      options_(std::move(options)),
      connector_(std::make_unique<Connector>(node, std::move(address),
                                             options_.session.hello.count(),
                                             static_cast<Connector::User&>(*this))),
      session_(NewSession()),
      deadline_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->OnDeadline(); }, this),
      reconnects_(options_.reconnect && !inherited) {
  slots_.resize(options_.calls_max);
  for (uint32_t i = 0; i < options_.calls_max; ++i) slots_[i].next_free = i + 1;
}

std::unique_ptr<Session> Channel::NewSession() {
  return std::make_unique<Session>(node_, Session::Side::kClient, options_.session,
                                   options_.needs.fds, static_cast<Session::User&>(*this));
}

// ---- To a session.

void Channel::OnConnection(std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
  session_->Attach(std::move(driver), std::move(traits));
}

void Channel::OnNoConnection(const absl::Status& why) {
  if (ended_why_.ok()) ended_why_ = why;
  session_->Fail(ended_why_);
}

bool Channel::TriesAgain(Session::NoWelcome how, const absl::Status& why) {
  if (!ended_why_.ok()) return false;
  // The first time, silence means that there is no service of this kind, and a refusal is one.
  const bool passing = ReasonOf(why) == Reason::kUnreachable ||
                       (how == Session::NoWelcome::kRefused && ReasonOf(why) == Reason::kResource);
  if (how != Session::NoWelcome::kLinkLost && (instance_ == 0 || !passing)) return false;
  connector_->TryAgain(why);
  return true;
}

void Channel::OnOpen(Session& session) {
  connector_->Opened();
  const uint64_t before = std::exchange(instance_, session.peer_epoch());
  if (before != 0 && on_instance_) {
    try {
      on_instance_(before, instance_);
    } catch (...) {
      SayThrown("the function of OnInstance", std::current_exception());
    }
  }
  if (lingers_) session.StartClose();
}

absl::Status Channel::WaitOpen() {
  // The first attempts have their own limit, and end the channel.
  const int64_t until_ns = instance_ != 0
                               ? AfterNs(node_.clock().NowNs(), options_.connect_timeout.count())
                               : Timers::kNever;
  if (!open()) {
    connector_->Hurry();
    if (until_ns != Timers::kNever) WatchDeadline(until_ns);
  }
  const absl::Status waited = BlockUntil(node_, false, [&] {
    return open() || !ended_why_.ok() ||
           (until_ns != Timers::kNever && node_.clock().NowNs() >= until_ns);
  });
  if (!waited.ok() || open() || !ended_why_.ok()) return waited.ok() ? ended_why_ : waited;
  return Refused(Reason::kUnreachable,
                 Text(address().ToString(), " is away, for more than ",
                      FormatDurationNs(options_.connect_timeout.count()),
                      " (connect_timeout): ", std::string(connector_->last_failure().message())));
}

// ---- To the next one.

// Nothing is begun on it any more; what is under way goes on.
void Channel::OnPeerClosing(Session& session) {
  if (!reconnects_ || !ended_why_.ok() || &session != session_.get()) {
    session.WakeWaiters(Timers::kNever);  // they are refused, with the reason
    return;
  }
  Leave();
  WatchDeadline(
      AfterNs(node_.clock().NowNs(), options_.session.hello.count()));  // whether it is still there
}

void Channel::Leave() {
  Reap();
  left_ = std::move(session_);
  session_ = NewSession();
  left_->PassWaiters(*session_);
}

bool Channel::Rests(const Session& session) const {
  return !AwaitsAnswers(session) && session.outbox_empty() && session.ledger().queued() == 0;
}

absl::Status Channel::MoveTo(const Address& address) {
  if (absl::Status status = node_.Usable(); !status.ok()) return status;
  if (!ended_why_.ok()) return ended_why_;
  ChannelOptions options = options_;
  absl::StatusOr<Address> inner = TakeOptions(address, node_, options);
  if (!inner.ok()) return inner.status();
  absl::StatusOr<Registry::Stacked> stacked =
      node_.registry().Stack(*inner, Role::kConnect, options.needs, options.message_bytes_max);
  if (!stacked.ok()) return stacked.status();
  if (!options.reconnect || stacked->caps.inherited) {
    return absl::FailedPreconditionError(
        Text("a channel cannot move to ", address.ToString(),
             options.reconnect ? ": its ends are inherited" : ": ChannelOptions.reconnect is off"));
  }
  if (open() && left_ != nullptr && left_->state() == Session::State::kOpen) {
    if (!Rests(*left_)) {
      return absl::UnavailableError(Text("calls still go on where the channel to ",
                                         this->address().ToString(), " was before"));
    }
    left_->Fail(Moved());
  }
  options_.on_full = options.on_full;
  reconnects_ = true;
  const bool held = left_ != nullptr && left_->state() == Session::State::kOpen;
  connector_->GoTo(std::move(stacked->address));
  if (open()) {
    session_->StartClose();
    Leave();
    WatchDeadline(0);
  } else {
    session_->DropLink();
    if (!held) connector_->StartNow();  // else GoOver does, or the end of left_
  }
  return absl::OkStatus();
}

int64_t Channel::GoOver(int64_t now_ns) {
  if (left_->receipt_came() && Rests(*left_)) {
    left_->Fail(Moved());  // its end connects, if nothing has yet
    return Timers::kNever;
  }
  if (!connector_->idle() || session_->has_link())
    return AfterNs(now_ns, options_.session.hello.count());
  // What tells that messages have been handled comes with any frame: it is looked for.
  if (!left_->outbox_empty() || left_->owes_one_way()) return AfterNs(now_ns, kLookNs);
  connector_->StartNow();
  return AfterNs(now_ns, options_.session.hello.count());
}

// Does the channel go on when `session` ends so?
bool Channel::GoesOn(const Session& session, const absl::Status& why) const {
  const Reason reason = ReasonOf(why);
  return reconnects_ && ended_why_.ok() &&
         (&session == left_.get() ||
          (session.peer_epoch() != 0 && !session.one_way() &&
           (reason == Reason::kPeerDied || reason == Reason::kUnreachable)));
}

Session* Channel::Successor(Session& session, const absl::Status& why) {
  // What lingers begins nothing on a further instance, but what waits for one may go there.
  if (lingers_ && ended_why_.ok() && &session == left_.get()) return session_.get();
  if (!GoesOn(session, why)) return nullptr;
  if (&session == session_.get()) {
    Reap();
    left_ = std::move(session_);
    session_ = NewSession();
  }
  return session_.get();
}

std::optional<int64_t> Channel::TakesBack(uint64_t call_id, uint64_t sequence) {
  Slot* slot = Find(call_id);
  // Of a stream, items may have left its request behind.
  if (slot == nullptr || slot->session != left_.get() || slot->queued ||
      slot->sequence != sequence || slot->stream != nullptr)
    return std::nullopt;
  slot->queued = true;
  return slot->deadline_ns;
}

void Channel::OnQueuedSent(uint64_t call_id, uint64_t sequence) {
  if (Slot* slot = Find(call_id)) {
    slot->sequence = sequence;
    slot->queued = false;
  }
}

void Channel::OnQueuedRefused(uint64_t call_id, const absl::Status& why) {
  if (Slot* slot = Find(call_id)) EndSlot(*slot, why);
}

void Channel::OnEnd(Session& session, const absl::Status& why) {
  if (GoesOn(session, why)) {
    for (Slot& slot : slots_) {
      if (slot.id == 0 || slot.session != &session || !slot.queued) continue;
      slot.session = session_.get();
      if (slot.stream != nullptr) slot.stream->PassTo(*session_);
    }
    ConnectAgain(why);
    WatchDeadline(0);  // it is destroyed then
    return EndCalls(session, why);
  }
  if (&session == left_.get()) {
    EndCalls(session, why);
    if (!lingers_ || !ended_why_.ok()) return;
    return AllReceipts() ? EndLinger() : ConnectAgain(why);
  }
  if (ended_why_.ok()) ended_why_ = why;
  connector_->Stop();
  if (lingers_) return EndLinger();
  EndCalls(session, why);
  session.WakeWaiters(Timers::kNever);  // they try again and are refused, with the reason
}

void Channel::OnReceipt(Session& session) {
  if (lingers_ && AllReceipts()) return EndLinger();
  if (&session != left_.get()) return;
  lingers_ ? left_->Fail(Moved()) : WatchDeadline(0);
}

// Unless it moves, and is on its way already.
void Channel::ConnectAgain(const absl::Status& why) {
  if (connector_->idle() && !session_->has_link()) connector_->StartAgain(why);
}

void Channel::Reap() {
  if (left_ == nullptr || left_->state() != Session::State::kEnded) return;
  past_ledger_.Add(left_->ledger());
  past_receipt_.Add(left_->receipt());
  past_owes_ |= left_->owes_one_way();
  left_.reset();
  if (open()) session_->WakeSenders();  // what it has handed over
}

// ---- The end.

bool Channel::AllReceipts() const {
  const auto done = [](const Session& session) {
    return session.state() == Session::State::kHello
               ? session.outbox_empty()
               : session.state() == Session::State::kEnded || session.receipt_came();
  };
  return done(*session_) && (left_ == nullptr || done(*left_));
}

bool Channel::owes_one_way() const {
  return session_->owes_one_way() || (left_ != nullptr && left_->owes_one_way()) || past_owes_;
}

Ledger Channel::ledger() const {
  Ledger sum = past_ledger_;
  if (left_ != nullptr) sum.Add(left_->ledger());
  sum.Add(session_->ledger());
  return sum;
}

Receipt Channel::receipt() const {
  Receipt sum = past_receipt_;
  if (left_ != nullptr) sum.Add(left_->receipt());
  sum.Add(session_->receipt());
  return sum;
}

Receipt Channel::Close(nanoseconds timeout) {
  told_ = true;
  if (ended_why_.ok()) {
    if (open()) reconnects_ = false;  // what is owed to this instance is nothing to the next
    if (timeout > 0s && !node_.in_turn()) {
      const int64_t deadline_ns = AfterNs(node_.clock().NowNs(), timeout.count());
      node_.RunUntil(  // what was queued before there was a connection is sent, too
          [this] { return open() || session_->outbox_empty() || !ended_why_.ok(); }, deadline_ns);
      reconnects_ = false;
      session_->StartClose();
      if (left_ != nullptr) left_->StartClose();
      node_.RunUntil([this] { return AllReceipts() || !ended_why_.ok(); }, deadline_ns);
    }
    reconnects_ = false;
    if (ended_why_.ok()) {
      ended_why_ = Refused(Reason::kClosed, "the channel was closed");
      FailAll();
    }
  }
  session_->DropLink();
  if (left_ != nullptr) left_->DropLink();
  return receipt();
}

void Channel::FailAll() {
  connector_->Stop();
  if (left_ != nullptr) left_->Fail(ended_why_);
  session_->Fail(ended_why_);
}

std::string Channel::Describe() const {
  const std::string name = address().ToString();
  if (!ended_why_.ok()) return Text(name, " (ended: ", std::string(ended_why_.message()), ")");
  if (!open()) {
    return instance_ == 0 ? Text(name, " (connecting)")
                          : Text(name, " (connecting again: ",
                                 std::string(connector_->last_failure().message()), ")");
  }
  const PeerIdentity& peer = session_->identity();
  const std::string& link = session_->link().traits().description;
  if (session_->one_way()) return Text(link, ", one way");
  return Text(link, ", to ", session_->peer_name(), peer.known ? Text(", pid ", peer.pid) : "");
}

}  // namespace jackfield
