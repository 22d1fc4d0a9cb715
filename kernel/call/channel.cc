#include "kernel/call/channel.h"

#include <algorithm>

#include "kernel/base/check.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/call/port.h"
#include "kernel/call/server_call.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr nanoseconds kShort = 1s;

}  // namespace

// ---- Calls.

absl::Status Channel::MakeTerms(const CallOptions& options, Terms& terms) const {
  if (!node_.usable()) [[unlikely]]
    return node_.Usable();
  const ServerCall* call = options.detached ? nullptr : node_.current_call();
  terms.deadline_ns = Timers::kNever;
  terms.extension = {};
  terms.inherited_type = 0;
  terms.priority = options.priority;
  if (terms.priority == CallOptions::kInherit)
    terms.priority = call != nullptr ? call->priority() : kPriorityDefault;
  if (terms.priority >= kPriorityLevels)
    return absl::InvalidArgumentError(Text("priority is 0..", kPriorityLevels - 1));
  return absl::OkStatus();
}

// Inlined: each call passes here.
[[gnu::always_inline]] inline void Channel::SetDeadline(const CallOptions& options,
                                                        nanoseconds by_default,
                                                        Terms& terms) const {
  const nanoseconds timeout = options.timeout != 0s ? options.timeout : by_default;
  // What is short may be over in a turn that computes: it does not begin with the turn.
  const int64_t now_ns = timeout < kShort ? node_.clock().NowNs() : node_.FreshNowNs();
  terms.deadline_ns = AfterNs(now_ns, timeout.count());
  const ServerCall* call = options.detached ? nullptr : node_.current_call();
  if (call != nullptr && call->deadline_ns() < terms.deadline_ns) {
    terms.deadline_ns = call->deadline_ns();
    terms.inherited_type = call->type();
  }
}

void Channel::SetWaitDeadline(const CallOptions& options, Terms& terms) const {
  SetDeadline(options, options_.timeout, terms);
}

absl::Status Channel::MakeCallTerms(const CallOptions& options, nanoseconds by_default,
                                    Terms& terms, ExtensionSpace& space) const {
  if (absl::Status status = MakeTerms(options, terms); !status.ok()) return status;
  SetDeadline(options, by_default, terms);
  if (terms.deadline_ns <= node_.now_ns()) {
    return Refused(
        Reason::kDeadline,
        Text("deadline: it had passed before the call to ", address().ToString(), " was made (",
             LimitText({options.timeout, terms.inherited_type}), "); nothing was sent"));
  }
  const ServerCall* call = options.detached ? nullptr : node_.current_call();
  const bool traces = node_.tracer() != nullptr && node_.tracer()->begins();
  if (call == nullptr && !traces) [[likely]]
    return absl::OkStatus();
  size_t bytes = 0;
  if (call != nullptr) {
    bytes = WriteChain(call->chain(), call->service_number(), node_.name(), space.bytes);
    if (bytes == 0) {
      return Refused(Reason::kDeadlock, Text("a chain of more than ", kChainLinksMax,
                                             " calls: ", DescribeChain(call->chain())));
    }
  }
  if (traces || call->trace() != nullptr)
    bytes += WriteTraceOf(call, std::span(space.bytes).subspan(bytes));
  terms.extension = {space.bytes, bytes};
  return absl::OkStatus();
}

absl::Status Channel::CheckOpen() const {
  if (!ended_why_.ok() || !session_->peer_closing()) return ended_why_;
  return Refused(Reason::kClosed, Text(address().ToString(), ": the service is closing"));
}

std::optional<CallUnderWay> Channel::oldest_call() const {
  std::optional<CallUnderWay> oldest;
  for (const Slot& slot : slots_) {
    if (slot.id != 0 && slot.stream == nullptr && (!oldest || slot.begun_ns < oldest->begun_ns))
      oldest = {slot.type, slot.begun_ns};
  }
  return oldest;
}

absl::Status Channel::Start(uint32_t type, Payload& payload, const CallOptions& options,
                            const Terms& terms, CallWaiter& waiter, StreamEnd* stream, bool queue) {
  if (!ended_why_.ok() || session_->peer_closing()) [[unlikely]]
    return CheckOpen();
  if (free_ >= slots_.size()) {
    if (calls_full_.ok())
      calls_full_ =
          Refused(Reason::kBackPressure,
                  Text("all ", slots_.size(), " calls of the channel are under way (calls_max)"));
    return calls_full_;
  }
  // An awaited call does not overtake one that was queued.
  if (!queue && !session_->outbox_empty(terms.priority)) return Session::GoesFirst();
  const uint32_t place = free_;  // taken now: whoever builds the message may call as well
  Slot& slot = slots_[place];
  free_ = slot.next_free;
  const uint64_t id = next_call_++ << kSlotBits | place;
  const Session::Outgoing request{
      .kind = FrameKind::Request,
      .flags =
          static_cast<uint8_t>(stream != nullptr ? wire::FrameFlag::Stream : wire::FrameFlag{}),
      .priority = terms.priority,
      .message_type = type,
      .call_id = id,
      .deadline_ns = terms.deadline_ns,
      .extension = terms.extension,
      .fds = options.fds};
  const uint64_t before = session_->last_sequence();
  absl::Status status =
      queue ? session_->SendOrQueue(request, payload) : session_->Send(request, payload);
  if (!status.ok()) {
    slot.next_free = std::exchange(free_, place);
    return status;
  }
  ++calls_;
  slot.id = id;
  slot.session = session_.get();
  slot.waiter = &waiter;
  slot.stream = stream;
  slot.deadline_ns = terms.deadline_ns;
  slot.begun_ns = node_.now_ns();
  slot.type = type;
  slot.sequence = session_->last_sequence();
  slot.queued = slot.sequence == before;
  if (!terms.extension.empty()) [[unlikely]]
    KeepTrace(slot, terms.extension);
  if (stream != nullptr) stream->Bind(*session_, id, terms.priority);
  WatchDeadline(terms.deadline_ns);
  if (slot.queued && !open()) [[unlikely]]
    connector_->Hurry();
  return absl::OkStatus();
}

absl::Status Channel::StartOneWay(uint32_t type, Payload& payload, const CallOptions& options,
                                  const Terms& terms, OnFull on_full) {
  if (!ended_why_.ok() || session_->peer_closing()) [[unlikely]]
    return CheckOpen();
  const Session::Outgoing message{.kind = FrameKind::OneWay,
                                  .priority = terms.priority,
                                  .message_type = type,
                                  .fds = options.fds};
  if (on_full == OnFull::kDropOldest) {
    const uint64_t before = session_->last_sequence();
    absl::Status status = session_->SendDroppingOldest(message, payload);
    if (session_->last_sequence() != before) session_->NoteOneWay();
    return status;
  }
  absl::Status status =
      session_->outbox_empty() ? session_->Send(message, payload) : Session::GoesFirst();
  if (status.ok()) {
    session_->NoteOneWay();
    return status;
  }
  // Who does not wait would find no room at all before the connection is there.
  if (on_full != OnFull::kWait && QueuesAtFirst() && ReasonOf(status) == Reason::kBackPressure)
    status = session_->SendOrQueue(message, payload);
  if (!status.ok() && on_full == OnFull::kDropNewest && ReasonOf(status) == Reason::kBackPressure) {
    ++session_->counters().dropped;
    return absl::OkStatus();
  }
  return status;
}

absl::Status Channel::TrySend(uint32_t type, Payload& payload, const CallOptions& options) {
  Terms terms;
  if (absl::Status status = MakeTerms(options, terms); !status.ok()) return status;
  absl::Status status =
      StartOneWay(type, payload, options, terms,
                  options_.on_full == OnFull::kWait ? OnFull::kFail : options_.on_full);
  if (!status.ok()) ++session_->counters().refused;
  return status;
}

Channel::Slot* Channel::Find(uint64_t id) {
  const uint32_t place = static_cast<uint32_t>(id) & (kCallsMax - 1);
  return place < slots_.size() && slots_[place].id == id && id != 0 ? &slots_[place] : nullptr;
}

void Channel::EndSlot(Slot& slot, absl::Status status, MessageView* reply) {
  JF_CHECK(slot.id != 0 && calls_ > 0, "a call ends once");
  CallWaiter* waiter = slot.waiter;
  if (slot.trace != nullptr) [[unlikely]]
    EndTrace(slot, status.code());
  slot.id = 0;
  slot.next_free = std::exchange(free_, static_cast<uint32_t>(&slot - slots_.data()));
  const bool was_full = calls_-- == slots_.size();
  waiter->OnCallEnd(std::move(status), reply);
  if (was_full) session_->WakeSenders();  // who waited for a place in the table
}

// The caller is gone and wants no answer.
void Channel::Abandon(CallWaiter& waiter) {
  for (Slot& slot : slots_) {
    if (slot.id == 0 || slot.waiter != &waiter) continue;
    slot.queued ? slot.session->DropRequest(slot.id) : SendCancel(slot, kPriorityDefault);
    if (slot.trace != nullptr) EndTrace(slot, absl::StatusCode::kCancelled);
    slot.id = 0;
    slot.next_free = std::exchange(free_, static_cast<uint32_t>(&slot - slots_.data()));
    if (calls_-- == slots_.size()) session_->WakeSenders();
    return;
  }
}

void Channel::SendCancel(const Slot& slot, uint8_t priority, absl::StatusCode why) {
  if (slot.session->state() != Session::State::kOpen) return;
  Bytes nothing;
  slot.session
      ->SendOrQueue({.kind = FrameKind::Cancel,
                     .priority = priority,
                     .code = static_cast<uint8_t>(why),
                     .call_id = slot.id},
                    nothing)
      .IgnoreError();  // a hint
}

void Channel::AwaitRoom(RoomWaiter& waiter, const Terms& terms) {
  waiter.wait_until_ns = terms.deadline_ns;
  WatchDeadline(terms.deadline_ns);
  session_->AwaitRoom(waiter, terms.priority);
  if (!open()) [[unlikely]]
    connector_->Hurry();
}

// ---- Deadlines: one timer for the earliest.

void Channel::WatchDeadline(int64_t deadline_ns) {
  if (!deadline_timer_.armed() || deadline_ns < deadline_timer_.due_ns())
    node_.timers().Arm(deadline_timer_, deadline_ns);
}

absl::Status Channel::NoRoomInTime(absl::Status why, const CallLimit& limit) const {
  if (left_ != nullptr && left_->state() == Session::State::kOpen && left_->peer_closing())
    why = absl::UnavailableError("the service is closing, and no other is here yet");
  else if (!open())
    why = !connector_->last_failure().ok() ? connector_->last_failure()
                                           : absl::UnavailableError("not connected yet");
  return Refused(Reason::kDeadline,
                 Text("deadline: no ", open() ? "room towards " : "connection to ",
                      address().ToString(), " in time (", LimitText(limit), "); nothing was sent",
                      why.ok() ? "" : ": ", std::string(why.message())));
}

// Which limit it was, and where it was set.
std::string Channel::LimitText(const CallLimit& limit) const {
  if (limit.inherited_type != 0) {
    std::string name = Text("type ", limit.inherited_type);
    for (Port* port = node_.ports().front(); port != nullptr; port = node_.ports().next(port)) {
      for (const Interface* interface : port->interfaces()) {
        for (const Method& method : interface->methods) {
          if (method.type == limit.inherited_type) name = std::string(method.name);
        }
      }
    }
    return Text("the deadline of the call being handled, ", name);
  }
  if (limit.timeout == 0s)
    return Text(FormatDurationNs(options_.timeout.count()), ", ChannelOptions.timeout");
  return Text(FormatDurationNs(limit.timeout.count()),
              ", CallOptions.timeout or the method's deadline_ms");
}

void Channel::OnDeadline() {
  Reap();
  const int64_t now_ns =
      node_.now_ns();  // as Session looks at what is queued: what ends here never leaves
  int64_t next_ns = Timers::kNever;
  for (Slot& slot : slots_) {
    if (slot.id == 0) continue;
    if (slot.deadline_ns > now_ns) {
      next_ns = std::min(next_ns, slot.deadline_ns);
      continue;
    }
    const bool left = !slot.queued;
    left ? SendCancel(slot, 0, absl::StatusCode::kDeadlineExceeded)
         : slot.session->DropRequest(slot.id);
    const CallLimit limit = slot.waiter->limit();
    EndSlot(slot, left
                      ? MakeStatus(Outcome::kInDoubt, Reason::kDeadline,
                                   Text("deadline: no answer from ", address().ToString(),
                                        " in time (", LimitText(limit), "); the call may have run"))
                      : NoRoomInTime(absl::OkStatus(), limit));
  }
  next_ns = std::min(next_ns, session_->WakeWaiters(now_ns));
  if (left_ != nullptr && left_->state() == Session::State::kOpen) {
    // The service has said goodbye, and stays: it is hung, or waits for others. It is not waited
    // for when nothing of ours is under way there.
    if (!left_->peer_closing())
      next_ns = std::min(next_ns, GoOver(now_ns));
    else if (!Rests(*left_))
      next_ns = std::min(next_ns, AfterNs(now_ns, options_.session.hello.count()));
    else
      left_->Fail(Refused(Reason::kClosed, "the service has said goodbye"));
  }
  if (next_ns != Timers::kNever) WatchDeadline(next_ns);
}

// Of the calls of a session that has ended, or goes on without them.
void Channel::EndCalls(Session& session, const absl::Status& why) {
  const Reason reason = ReasonOf(why) == Reason::kNone ? Reason::kPeerDied : ReasonOf(why);
  for (Slot& slot : slots_) {
    if (slot.id == 0 || slot.session != &session) continue;
    const bool left = !slot.queued && session.MayHaveLeft(slot.sequence);
    if (session.state() != Session::State::kEnded)
      left ? SendCancel(slot, kPriorityDefault) : session.DropRequest(slot.id);
    EndSlot(slot, MakeStatus(left ? Outcome::kInDoubt : Outcome::kFailed, reason,
                             Text(std::string(why.message()),
                                  left ? "; the call may have run" : "; the call did not run")));
  }
}

// ---- What the session says.

void Channel::OnReceived(Session& session, Session::Received& received) {
  const FrameHeader& header = received.header;
  Slot* slot = Find(header.call_id());
  if (slot == nullptr || slot->session != &session) {
    if (header.kind() == FrameKind::Reply) ++session.counters().late;
    return;
  }
  switch (header.kind()) {
    case FrameKind::Reply: {
      if (header.code() == 0) return EndSlot(*slot, absl::OkStatus(), &received.message);
      const auto* failure = RootOf<wire::Failure>(received.message.payload());
      const std::string text = failure == nullptr || failure->text() == nullptr
                                   ? ""
                                   : Escaped(failure->text()->string_view());
      const auto outcome =
          failure == nullptr ? Outcome::kOk : static_cast<Outcome>(failure->outcome() & 3);
      const auto reason =
          failure == nullptr ? Reason::kNone : static_cast<Reason>(failure->reason());
      return EndSlot(*slot, MakeStatus(outcome, reason, header.code(), text));
    }
    case FrameKind::Item:
      if (slot->stream == nullptr) {
        SendCancel(*slot, 0);
        EndSlot(*slot, MakeStatus(Outcome::kInDoubt, Reason::kCorrupt,
                                  Text(address().ToString(),
                                       ": an item came for a call without a stream")));
      } else if (!slot->stream->Deliver(received)) {
        SendCancel(*slot, 0);
        EndSlot(*slot, MakeStatus(Outcome::kInDoubt, Reason::kResource,
                                  Text("an item of a stream that cannot be kept: ",
                                       node_.blocks().budget().Describe())));
      }
      return;
    case FrameKind::StreamGrant:
      if (slot->stream != nullptr) slot->stream->OnGrant(header.message_type());
      return;
    default:
      return;  // a request to a client: nobody here serves
  }
}

bool Channel::AwaitsAnswers(const Session& session) const {
  return std::any_of(slots_.begin(), slots_.end(), [&session](const Slot& slot) {
    return slot.id != 0 && slot.session == &session;
  });
}

}  // namespace jackfield
