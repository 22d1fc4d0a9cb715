#include "kernel/channel.h"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "kernel/registry.h"
#include "kernel/server_call.h"
#include "kernel/text.h"
#include "kernel/units.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr uint32_t kSlotBits = 12;
constexpr uint32_t kCallsMax = 1 << kSlotBits;
constexpr int64_t kRetryNsMax = 100'000'000;

absl::Status BackPressure(std::string_view text) { return MakeStatus(Outcome::kRefused, Reason::kBackPressure, text); }

// Takes the parameters that every channel understands out of the address.
absl::StatusOr<Address> TakeOptions(const Address& address, Node& node, ChannelOptions& options) {
  if (const auto on_full = address.Find("on_full")) {
    if (*on_full == "wait") options.on_full = OnFull::kWait;
    else if (*on_full == "fail") options.on_full = OnFull::kFail;
    else if (*on_full == "drop_oldest") options.on_full = OnFull::kDropOldest;
    else if (*on_full == "drop_newest") options.on_full = OnFull::kDropNewest;
    else return absl::InvalidArgumentError(Text("on_full=", Escaped(*on_full), ": it is wait, fail, drop_oldest or drop_newest"));
  }
  return node.TakeSpin(address.Without("on_full"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Channel>> Channel::Open(Node& node, std::string_view address, ChannelOptions options) {
  absl::StatusOr<Address> parsed = node.registry().Parse(address);
  if (!parsed.ok()) return parsed.status();
  return Open(node, *parsed, std::move(options));
}

absl::StatusOr<std::unique_ptr<Channel>> Channel::Open(Node& node, const Address& address, ChannelOptions options) {
  if (options.calls_max < 1 || options.calls_max > kCallsMax) {
    return absl::InvalidArgumentError(Text("calls_max is 1..", kCallsMax, ", not ", options.calls_max));
  }
  absl::StatusOr<Address> inner = TakeOptions(address, node, options);
  if (!inner.ok()) return inner.status();
  absl::StatusOr<Caps> caps = node.registry().Describe(*inner, Role::kConnect);
  if (!caps.ok()) return caps.status();
  if (const std::vector<std::string> missing = MissingNeeds(*caps, options.needs); !missing.empty()) {
    const std::vector<std::string_view> words(missing.begin(), missing.end());
    return absl::FailedPreconditionError(Text(address.ToString(), " cannot carry this channel: it lacks ", Listed(words)));
  }
  std::unique_ptr<Channel> channel(new Channel(node, *inner, std::move(options)));
  channel->TryConnect();
  return channel;
}

Channel::Channel(Node& node, Address address, ChannelOptions options)
    : node_(node),
      asked_(address),
      address_(std::move(address)),
      options_(std::move(options)),
      connect_deadline_ns_(node.clock().NowNs() + options_.connect_us * 1000),
      retry_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->TryConnect(); }, this),
      deadline_timer_([](Timer& timer) { static_cast<Channel*>(timer.user)->OnDeadline(); }, this) {
  session_ = std::make_unique<Session>(node_, Session::Side::kClient, options_.session, options_.needs.fds, *this);
  session_->SetSchemaHash(options_.schema_hash);
  slots_.resize(options_.calls_max);
  for (uint32_t i = 0; i < options_.calls_max; ++i) slots_[i].next_free = i + 1;
}

Channel::~Channel() {
  if (ended_why_.ok()) ended_why_ = MakeStatus(Outcome::kRefused, Reason::kCancelled, "the channel was destroyed");
  session_->Fail(ended_why_);
  node_.timers().Cancel(retry_timer_);
  node_.timers().Cancel(deadline_timer_);
  if (link_ != nullptr) node_.RemoveLink(*link_);
}

// ---- Connecting.

void Channel::TryConnect() {
  if (!ended_why_.ok()) return session_->Fail(ended_why_);
  opening_.reset();
  absl::StatusOr<std::unique_ptr<Opening>> opening = node_.registry().Open(address_, Role::kConnect, node_, *this);
  if (opening.ok()) {
    opening_ = *std::move(opening);
  } else {
    OnOpenFailed(opening.status());
  }
}

void Channel::OnOpenFailed(absl::Status status) {
  connect_error_ = status;
  const int64_t now_ns = node_.clock().NowNs();
  if (status.code() == absl::StatusCode::kUnavailable && now_ns < connect_deadline_ns_) {
    // Jitter, so that many clients of a restarted service do not come back at once.
    const int64_t wait_ns = retry_ns_ / 2 + static_cast<int64_t>(node_.NextRandom() % static_cast<uint64_t>(retry_ns_));
    retry_ns_ = std::min(kRetryNsMax, retry_ns_ * 2);
    node_.timers().Arm(retry_timer_, std::min(now_ns + wait_ns, connect_deadline_ns_));
    return;
  }
  if (ended_why_.ok()) ended_why_ = MakeStatus(Outcome::kRefused, Reason::kUnreachable, static_cast<int>(status.code()),
                                               Text("connect ", address_.ToString(), ": ", std::string(status.message())));
  node_.timers().Arm(retry_timer_, 0);  // later: this may be inside Open
}

void Channel::OnLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
  link_ = &node_.AddLink(std::move(driver), std::move(traits), this);
  session_->Attach(*link_, 0);
}

absl::Status Channel::WaitOpen() {
  if (node_.in_turn()) return BlockedInHandler();
  node_.RunUntil([this] { return open() || !ended_why_.ok(); });
  return ended_why_;
}

std::string Channel::Describe() const {
  if (!ended_why_.ok()) return Text(address_.ToString(), " (ended: ", std::string(ended_why_.message()), ")");
  if (!open()) return Text(address_.ToString(), " (connecting)");
  const PeerIdentity& peer = session_->identity();
  return Text(link_->traits().description, ", to ", session_->peer_name(), peer.known ? Text(", pid ", peer.pid) : "");
}

// ---- Calls.

int64_t Channel::Deadline(const CallOptions& options) const {
  const int64_t now_ns = node_.in_turn() ? node_.now_ns() : node_.clock().NowNs();
  const int64_t own_ns = now_ns + (options.timeout_us > 0 ? options.timeout_us : options_.timeout_us) * 1000;
  const ServerCall* call = options.detached ? nullptr : node_.current_call();
  return call == nullptr ? own_ns : std::min(own_ns, call->deadline_ns());
}

absl::Status Channel::MakeTerms(const CallOptions& options, Terms& terms) const {
  const ServerCall* call = options.detached ? nullptr : node_.current_call();
  terms.deadline_ns = Timers::kNever;
  terms.priority = options.priority;
  terms.extension_bytes = 0;
  if (call != nullptr) {
    if (terms.priority == CallOptions::kInherit) terms.priority = call->priority();
    terms.extension_bytes = WriteChain(call->chain(), node_.epoch(), node_.name(), terms.extension);
    if (terms.extension_bytes == 0) {
      return MakeStatus(Outcome::kRefused, Reason::kDeadlock,
                        Text("a chain of more than ", kChainLinksMax, " calls: ", DescribeChain(call->chain())));
    }
  }
  if (terms.priority == CallOptions::kInherit) terms.priority = kPriorityDefault;
  if (terms.priority >= kPriorityLevels) return absl::InvalidArgumentError(Text("priority is 0..", kPriorityLevels - 1));
  return absl::OkStatus();
}

absl::Status Channel::Start(uint32_t type, Payload& payload, const CallOptions& options, const Terms& terms,
                            CallWaiter& waiter, StreamEnd* stream, bool queue) {
  if (!ended_why_.ok()) return ended_why_;
  if (peer_closing_) return MakeStatus(Outcome::kRefused, Reason::kClosed, Text(address_.ToString(), ": the service is closing"));
  if (free_ >= slots_.size()) return BackPressure(Text("all ", slots_.size(), " calls of the channel are under way (calls_max)"));
  const uint32_t place = free_;
  Slot& slot = slots_[place];
  const uint64_t id = next_call_ << kSlotBits | place;
  const Session::Outgoing request{.kind = FrameKind::Request,
                                  .flags = static_cast<uint8_t>(stream != nullptr ? wire::FrameFlag::Stream : wire::FrameFlag{}),
                                  .priority = terms.priority,
                                  .message_type = type,
                                  .call_id = id,
                                  .deadline_ns = terms.deadline_ns,
                                  .extension = {terms.extension, terms.extension_bytes},
                                  .fds = options.fds};
  const uint32_t before = session_->last_sequence();
  absl::Status status = queue ? session_->SendOrQueue(request, payload) : session_->Send(request, payload);
  if (!status.ok()) return status;
  ++next_call_;
  free_ = slot.next_free;
  ++calls_;
  slot.id = id;
  slot.waiter = &waiter;
  slot.stream = stream;
  slot.deadline_ns = terms.deadline_ns;
  slot.sequence = session_->last_sequence();
  slot.queued = slot.sequence == before;
  if (stream != nullptr) stream->Bind(*session_, id, terms.priority);
  WatchDeadline(terms.deadline_ns);
  return absl::OkStatus();
}

absl::Status Channel::StartOneWay(uint32_t type, Payload& payload, const CallOptions& options, const Terms& terms) {
  if (!ended_why_.ok()) return ended_why_;
  if (peer_closing_) return MakeStatus(Outcome::kRefused, Reason::kClosed, Text(address_.ToString(), ": the service is closing"));
  const Session::Outgoing message{.kind = FrameKind::OneWay,
                                  .priority = terms.priority,
                                  .message_type = type,
                                  .extension = {terms.extension, terms.extension_bytes},
                                  .fds = options.fds};
  if (options_.on_full == OnFull::kDropOldest) return session_->SendDroppingOldest(message, payload);
  absl::Status status = session_->outbox_empty() ? session_->Send(message, payload) : BackPressure("the outbox is not empty");
  if (!status.ok() && options_.on_full == OnFull::kDropNewest && ReasonOf(status) == Reason::kBackPressure) {
    ++session_->counters().dropped;
    return absl::OkStatus();
  }
  return status;
}

absl::Status Channel::TrySend(uint32_t type, Payload& payload, const CallOptions& options) {
  Terms terms;
  if (absl::Status status = MakeTerms(options, terms); !status.ok()) return status;
  absl::Status status = StartOneWay(type, payload, options, terms);
  if (!status.ok()) ++session_->counters().refused;
  return status;
}

Channel::Slot* Channel::Find(uint64_t id) {
  const uint32_t place = static_cast<uint32_t>(id) & (kCallsMax - 1);
  return place < slots_.size() && slots_[place].id == id && id != 0 ? &slots_[place] : nullptr;
}

void Channel::EndSlot(Slot& slot, absl::Status status, Message&& reply) {
  CallWaiter* waiter = slot.waiter;
  slot.id = 0;
  slot.next_free = free_;
  free_ = static_cast<uint32_t>(&slot - slots_.data());
  const bool was_full = calls_-- == slots_.size();
  waiter->OnCallEnd(std::move(status), std::move(reply));
  if (was_full) session_->OnLinkRoom();  // who waited for a place in the table
}

// The caller is gone and wants no answer.
void Channel::Abandon(CallWaiter& waiter) {
  for (Slot& slot : slots_) {
    if (slot.id == 0 || slot.waiter != &waiter) continue;
    SendCancel(slot.id, kPriorityDefault);
    slot.id = 0;
    slot.next_free = free_;
    free_ = static_cast<uint32_t>(&slot - slots_.data());
    if (calls_-- == slots_.size()) session_->OnLinkRoom();
    return;
  }
}

void Channel::SendCancel(uint64_t id, uint8_t priority) {
  if (!open()) return;
  Bytes nothing;
  session_->SendOrQueue({.kind = FrameKind::Cancel, .priority = priority, .call_id = id}, nothing).IgnoreError();  // a hint
}

void Channel::AwaitRoom(RoomWaiter& waiter, const Terms& terms) {
  waiter.wait_until_ns = terms.deadline_ns;
  WatchDeadline(terms.deadline_ns);
  session_->AwaitRoom(waiter, terms.priority);
}

// ---- Deadlines: one timer for the earliest.

void Channel::WatchDeadline(int64_t deadline_ns) {
  if (!deadline_timer_.armed() || deadline_ns < deadline_timer_.due_ns()) node_.timers().Arm(deadline_timer_, deadline_ns);
}

void Channel::OnDeadline() {
  const int64_t now_ns = node_.now_ns();  // as Session looks at what is queued: what ends here never leaves
  int64_t next_ns = Timers::kNever;
  for (Slot& slot : slots_) {
    if (slot.id == 0) continue;
    if (slot.deadline_ns > now_ns) {
      next_ns = std::min(next_ns, slot.deadline_ns);
      continue;
    }
    const bool left = !slot.queued;
    if (left) SendCancel(slot.id, 0);
    EndSlot(slot, left ? MakeStatus(Outcome::kInDoubt, Reason::kDeadline,
                                    Text("deadline: no answer from ", address_.ToString(), " in time; the call may have run"))
                       : MakeStatus(Outcome::kRefused, Reason::kDeadline,
                                    Text("deadline: no room towards ", address_.ToString(), " in time; nothing was sent")), Message());
  }
  next_ns = std::min(next_ns, session_->WakeWaiters(now_ns));
  if (next_ns != Timers::kNever) WatchDeadline(next_ns);
}

void Channel::EndAll(const absl::Status& why) {
  for (Slot& slot : slots_) {
    if (slot.id == 0) continue;
    const bool left = !slot.queued && session_->MayHaveLeft(slot.sequence);
    const Reason reason = ReasonOf(why) == Reason::kNone ? Reason::kPeerDied : ReasonOf(why);
    EndSlot(slot, MakeStatus(left ? Outcome::kInDoubt : Outcome::kFailed, reason,
                             Text(std::string(why.message()), left ? "; the call may have run" : "; the call did not run")), Message());
  }
  // Who waits to send tries again and is refused, with the reason.
  session_->WakeWaiters(Timers::kNever);
}

// ---- What the session says.

void Channel::OnFrames(Link& link) {
  while (link.has_rx()) {
    const FrameRef frame = link.NextRx();
    session_->OnFrame(frame);
    link.PopRx();
  }
}

void Channel::OnRoom(Link&) {
  session_->OnLinkRoom();
}

void Channel::OnClosed(Link& link, const absl::Status& why) {
  const absl::Status reason = why.ok() ? MakeStatus(Outcome::kFailed, Reason::kPeerDied, Text(address_.ToString(), ": the service has gone")) : why;
  if (session_->state() == Session::State::kHello && ReasonOf(reason) == Reason::kPeerDied) {
    // It went before it said a word, as a service does that is just being restarted: as good as not there yet.
    session_->Detach();
    link_ = nullptr;
    node_.RemoveLink(link);
    return OnOpenFailed(MakeStatus(Outcome::kRefused, Reason::kUnreachable, Text(std::string(reason.message()), " before it said hello")));
  }
  session_->OnLinkClosed(reason);
}

void Channel::OnReceived(Session&, Session::Received& received) {
  const FrameHeader& header = received.header;
  Slot* slot = Find(header.call_id());
  if (slot == nullptr) {
    if (header.kind() == FrameKind::Reply) ++session_->counters().late;
    return;
  }
  switch (header.kind()) {
    case FrameKind::Reply: {
      if (header.code() == 0) return EndSlot(*slot, absl::OkStatus(), std::move(received.message));
      const auto* failure = RootOf<wire::Failure>(received.message.payload());
      const std::string text = failure == nullptr || failure->text() == nullptr ? "" : Escaped(failure->text()->string_view());
      const auto outcome = failure == nullptr ? Outcome::kOk : static_cast<Outcome>(failure->outcome() & 3);
      const auto reason = failure == nullptr ? Reason::kNone : static_cast<Reason>(failure->reason());
      return EndSlot(*slot, MakeStatus(outcome, reason, header.code(), text), Message());
    }
    case FrameKind::Item:
      if (slot->stream == nullptr || !slot->stream->Deliver(received)) {
        SendCancel(slot->id, 0);
        EndSlot(*slot, MakeStatus(Outcome::kInDoubt, Reason::kResource, "an item of a stream that cannot be kept (pool_bytes_max)"), Message());
      }
      return;
    case FrameKind::StreamGrant:
      if (slot->stream != nullptr) slot->stream->OnGrant(header.message_type());
      return;
    default:
      return;  // a request to a client: nobody here serves
  }
}

void Channel::OnQueuedSent(uint64_t call_id, uint32_t sequence) {
  if (Slot* slot = Find(call_id)) {
    slot->sequence = sequence;
    slot->queued = false;
  }
}

void Channel::OnPeerClosing(Session& session) {
  peer_closing_ = true;
  session.WakeWaiters(Timers::kNever);  // they are refused, with the reason
}

void Channel::OnEnd(Session&, const absl::Status& why) {
  if (ended_why_.ok()) ended_why_ = why;
  EndAll(why);
}

Receipt Channel::Close(int64_t timeout_us) {
  if (ended_why_.ok()) {
    if (timeout_us > 0 && open() && !node_.in_turn()) {
      session_->StartClose();
      node_.RunUntil([this] { return receipt_came_ || !ended_why_.ok(); }, node_.clock().NowNs() + timeout_us * 1000);
    }
    if (ended_why_.ok()) {
      ended_why_ = MakeStatus(Outcome::kRefused, Reason::kClosed, "the channel was closed");
      opening_.reset();
      session_->Fail(ended_why_);
    }
  }
  session_->Detach();
  if (link_ != nullptr) node_.RemoveLink(*std::exchange(link_, nullptr));
  return session_->receipt();
}

}  // namespace jackfield
