// How a Session sends: now, or from its outbox when there is room and credit. The rest is in
// session.cc.
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/frame_log.h"
#include "kernel/loop/loop.h"
#include "kernel/session.h"
#include "kernel/session_queued.h"

namespace jackfield {

// Refusals for want of room are said often, to those who will try again: each is made once.
const absl::Status& Session::GoesFirst() {
  static const absl::Status* const status =
      new absl::Status(Refused(Reason::kBackPressure, "what was queued before goes first"));
  return *status;
}

void Session::Outbox::Append(Queued& queued) {
  (last == nullptr ? first : last->next) = &queued;
  last = &queued;
}

// ---- Sending.

uint32_t Session::Budget(int64_t deadline_ns) const {
  // Whoever set the deadline outside a turn has read the clock for it (FreshNowNs). One that is too
  // far for the field (71 minutes) is kept here alone: when it passes, a Cancel goes out.
  return static_cast<uint32_t>(
      std::clamp<int64_t>((deadline_ns - loop_.now_ns()) / 1000, 1, kNoDeadline));
}

void Session::FillAndCommit(const Outgoing& out, std::byte* frame, uint32_t frame_bytes) {
  const bool sequenced = IsSequenced(out.kind);
  if (sequenced) {
    ++tx_sequence_;
    ++ledger_.sent;
    if (CostsCredit(out.kind) && !one_way()) tx_units_ += UnitsOf(frame_bytes);
  }
  told_ack_ = HandledUpTo();
  told_grant_ = rx_units_handled_ + limits_.window_units;
  new (frame)
      FrameHeader(kMagic, kVersionMax, out.kind, out.flags, frame_bytes, out.priority,
                  static_cast<uint8_t>(out.extension.size() / 8), out.code,
                  static_cast<uint8_t>(out.fds.size()), out.message_type, out.call_id, peer_epoch_,
                  sequenced ? tx_sequence_ : 0, told_ack_, Budget(out.deadline_ns), told_grant_);
  if (!out.fds.empty()) link_->AttachFds(out.fds.data(), static_cast<uint8_t>(out.fds.size()));
  if (FrameLog* log = loop_.frame_log(); log != nullptr && FrameLog::Notes(out.kind)) {
    log->Add(FrameWay::kSent, frame, peer_epoch_, loop_.now_ns());
    const size_t before_bytes = kHeaderBytes + out.extension.size();
    if (log->wants_messages()) [[unlikely]]
      log->OnMessage(*this, FrameWay::kSent, CopyHeader(frame),
                     {frame + before_bytes, frame_bytes - before_bytes});
  }
  link_->Commit(frame, frame_bytes);
}

absl::Status Session::CheckSendable(const Outgoing& out) const {
  if (absl::Status status = loop_.Usable(); !status.ok()) return status;
  const bool begins = out.kind == FrameKind::Request || out.kind == FrameKind::OneWay;
  if (state_ == State::kEnded || (said_goodbye() && begins))
    return Refused(Reason::kClosed, "the channel is closed");
  if (one_way() && (out.kind != FrameKind::OneWay || !link_->caps().send)) {
    return Refused(Reason::kMisuse,
                   Text(Where(), " carries messages one way only: a call needs an answer"));
  }
  if (out.fds.size() > kFdsMax) {
    return Refused(Reason::kResource, Text("a message carries at most ", int{kFdsMax},
                                           " descriptors, not ", out.fds.size()));
  }
  if (!out.fds.empty() && !passes_fds_) {
    return Refused(
        Reason::kResource,
        link_ != nullptr && link_->caps().fds
            ? Text(Where(),
                   ": descriptors were not agreed on; open the channel with "
                   "ChannelOptions.needs.fds")
            : Text(Where(), " cannot carry descriptors; use an address whose caps have fds"));
  }
  if (!out.fds.empty() && link_ != nullptr && !link_->has_fd_room()) {
    return Refused(Reason::kBackPressure,
                   Text(Where(), " has as many messages with descriptors on the way as it takes (",
                        Link::kFdFramesMax, ")"));
  }
  return absl::OkStatus();
}

absl::Status Session::NoMemory() const {
  return Refused(Reason::kResource,
                 Text("no message memory: ", loop_.blocks().budget().Describe()));
}

absl::Status Session::TooLarge() const {
  if (peer_lacks_memory_) {
    return Refused(Reason::kResource,
                   Text("the message is larger than the ", payload_bytes_max(), " bytes that ",
                        peer_name_, ", at ", Where(),
                        ", has message memory for at once; give it more: limits = { memory = "
                        "\"…\" } in its wiring, or --memory, or NodeOptions.memory_bytes_max"));
  }
  return Refused(Reason::kTooLarge, Text("the message is larger than the ", payload_bytes_max(),
                                         " bytes that ", Where(), " carries (frame_bytes_max)"));
}

absl::Status Session::NoRoom(const FrameSpace& space) {
  if (space.too_large()) return TooLarge();
  // An empty link makes no room: it is memory that there is none of, and nobody says when there is.
  if (link_ != nullptr && !link_->has_tx() && !link_->traits().provides_tx && !link_->closing() &&
      !link_->closed())
    return NoMemory();
  if (no_room_.ok()) {
    no_room_ = Refused(Reason::kBackPressure,
                       Text(Where(), " is full: its reader is slower than its writers"));
  }
  return no_room_;
}

absl::Status Session::NoCredit(FrameKind kind) {
  const bool item = kind == FrameKind::Item;
  absl::Status& no_credit = item ? no_item_credit_ : no_credit_;
  if (no_credit.ok()) {
    no_credit =
        Refused(Reason::kBackPressure,
                Text("no credit: ", peer_name_, " has as many messages to handle as it takes (its ",
                     peer_window_units_, " window_units",
                     item ? ", of which an eighth is not for items" : "", ")"));
  }
  return no_credit;
}

// Requires: inside a catch.
absl::Status Session::BuildThrew() {
  return MakeStatus(
      Outcome::kRefused, Reason::kMisuse, static_cast<int>(absl::StatusCode::kInternal),
      Text("the function that builds the message threw: ", TextOf(std::current_exception())));
}

absl::Status Session::Send(const Outgoing& out, Payload& payload) {
  if (state_ != State::kOpen || said_goodbye() || one_way() || !out.fds.empty() || !loop_.usable())
      [[unlikely]] {
    if (absl::Status status = CheckSendable(out); !status.ok()) return status;
  }
  const auto prefix = static_cast<uint32_t>(kHeaderBytes + out.extension.size());
  if (state_ != State::kOpen) {
    static const absl::Status* const not_open =
        new absl::Status(Refused(Reason::kBackPressure, "the connection is not open yet"));
    return *not_open;
  }
  const bool lacks_credit = CostsCredit(out.kind) && !has_credit(out.kind);
  if (lacks_credit && payload.size_hint() <= payload_bytes_max()) return NoCredit(out.kind);
  if (link_->claim_open())
    return Refused(Reason::kMisuse, "a send from inside the building of another message");
  FrameSpace space(link_, nullptr, prefix, frame_bytes_max_);
  std::span<std::byte> written;
  bool fits;
  try {
    fits = payload.Write(space, &written);
  } catch (...) {
    link_->Abandon();
    return BuildThrew();
  }
  if (!fits) {
    link_->Abandon();
    return NoRoom(space);
  }
  if (lacks_credit) {  // it is not too large, as was feared
    link_->Abandon();
    return NoCredit(out.kind);
  }
  std::byte* frame = written.data() - prefix;
  if (!out.extension.empty())
    std::memcpy(frame + kHeaderBytes, out.extension.data(), out.extension.size());
  FillAndCommit(out, frame, prefix + static_cast<uint32_t>(written.size()));
  return absl::OkStatus();
}

bool Session::SendControl(FrameKind kind, Payload& payload) {
  if (link_->claim_open() || !loop_.usable()) return false;  // inside the building of a message
  FrameSpace space(link_, nullptr, kHeaderBytes, std::max(frame_bytes_max_, 256u));
  std::span<std::byte> written;
  if (!payload.Write(space, &written)) {
    link_->Abandon();
    return false;
  }
  const Outgoing out{.kind = kind, .priority = 0};
  FillAndCommit(out, written.data() - kHeaderBytes,
                kHeaderBytes + static_cast<uint32_t>(written.size()));
  return true;
}

absl::Status Session::SendOrQueue(const Outgoing& out, Payload& payload) {
  if (outbox_frames_ == 0) {
    absl::Status status = Send(out, payload);
    if (status.ok() || ReasonOf(status) != Reason::kBackPressure) return status;
  }
  return Enqueue(out, payload);
}

absl::Status Session::SendDroppingOldest(const Outgoing& out, Payload& payload) {
  // Of the least urgent. Calls and what belongs to them stay: somebody waits for those.
  const auto one_way = [](const Outgoing& queued) { return queued.kind == FrameKind::OneWay; };
  uint8_t priority = kPriorityLevels;
  while (outbox_frames_ >= limits_.outbox_frames && priority > 0 &&
         !DropFirst(--priority, one_way)) {
  }
  return SendOrQueue(out, payload);
}

// Drops the oldest that is wanted. False: there is none.
template <class Wanted>
bool Session::DropFirst(uint8_t priority, Wanted wanted) {
  Queued* before = nullptr;
  for (Queued* queued = outbox_[priority].first; queued != nullptr;
       before = queued, queued = queued->next) {
    if (!wanted(queued->outgoing)) continue;
    (before == nullptr ? outbox_[priority].first : before->next) = queued->next;
    if (queued->next == nullptr) outbox_[priority].last = before;
    --outbox_frames_;
    ++ledger_.dropped;
    const Block freed = std::move(queued->self);
    return true;
  }
  return false;
}

void Session::DropRequest(uint64_t call_id) {
  const auto wanted = [call_id](const Outgoing& out) {
    return out.kind == FrameKind::Request && out.call_id == call_id;
  };
  for (uint8_t priority = 0; priority < kPriorityLevels && !DropFirst(priority, wanted);)
    ++priority;
}

absl::Status Session::Enqueue(const Outgoing& out, Payload& payload) {
  if (absl::Status status = CheckSendable(out); !status.ok()) return status;
  if (!out.fds.empty())
    return Refused(Reason::kBackPressure, "a message with descriptors does not wait in a queue");
  // Answers, grants, cancels and ends are bounded by the calls they belong to, and none may be
  // lost.
  if (outbox_frames_ >= limits_.outbox_frames && CostsCredit(out.kind)) {
    if (outbox_full_.ok()) {
      outbox_full_ = Refused(Reason::kBackPressure,
                             Text(Where(), " is full, and so are the ", limits_.outbox_frames,
                                  " places of its queue (outbox_frames)"));
    }
    return outbox_full_;
  }
  const auto prefix = static_cast<uint32_t>(Queued::kBytes + kHeaderBytes + out.extension.size());
  FrameSpace space(nullptr, &memory(), prefix, frame_bytes_max_ + Queued::kBytes);
  std::span<std::byte> written;
  bool fits;
  try {
    fits = payload.Write(space, &written);
  } catch (...) {
    return BuildThrew();
  }
  if (!fits) {
    if (space.too_large()) return NoRoom(space);
    return NoMemory();
  }
  std::byte* frame = written.data() - kHeaderBytes - out.extension.size();
  if (!out.extension.empty())
    std::memcpy(frame + kHeaderBytes, out.extension.data(), out.extension.size());
  Block block = space.TakeBlock();
  std::byte* data = block.data();
  auto* queued = new (data) Queued;
  queued->self = std::move(block);
  queued->outgoing = out;
  queued->outgoing.extension = {frame + kHeaderBytes, out.extension.size()};
  queued->frame_offset = static_cast<uint32_t>(frame - data);
  queued->frame_bytes = static_cast<uint32_t>(kHeaderBytes + out.extension.size() + written.size());
  outbox_[out.priority].Append(*queued);
  ++outbox_frames_;
  // What waits may be waiting for credit, which this frame does not need.
  if (!CostsCredit(out.kind)) Flush();
  return absl::OkStatus();
}

bool Session::SendQueued(Queued& queued) {
  if (queued.outgoing.deadline_ns <=
      loop_.now_ns()) {  // it never leaves; Channel::OnDeadline tells its caller later in this turn
    ++ledger_.dropped;
    return true;
  }
  // It was queued before anybody knew what the link and the other end take.
  if (queued.frame_bytes > frame_bytes_max_) {
    ++ledger_.dropped;
    if (queued.outgoing.kind == FrameKind::Request)
      user_->OnQueuedRefused(queued.outgoing.call_id, TooLarge());
    else if (queued.outgoing.kind == FrameKind::OneWay)
      ++too_large_;
    return true;
  }
  if (CostsCredit(queued.outgoing.kind) && !has_credit()) return false;
  std::byte* frame = link_->Claim(queued.frame_bytes);
  if (frame == nullptr) return false;
  std::memcpy(frame, reinterpret_cast<std::byte*>(&queued) + queued.frame_offset,
              queued.frame_bytes);
  FillAndCommit(queued.outgoing, frame, queued.frame_bytes);
  if (queued.outgoing.kind == FrameKind::Request)
    user_->OnQueuedSent(queued.outgoing.call_id, last_sequence());
  else if (queued.outgoing.kind == FrameKind::OneWay)
    NoteOneWay();
  return true;
}

void Session::FlushWaiting() {
  if (flushing_ || state_ != State::kOpen || link_->claim_open()) return;
  flushing_ = true;
  for (uint8_t priority = 0; priority < kPriorityLevels && state_ == State::kOpen; ++priority) {
    Outbox& outbox = outbox_[priority];
    while (outbox.first != nullptr && SendQueued(*outbox.first)) {
      if (state_ != State::kOpen) break;  // who was told of a refusal has ended the session
      DropQueued(priority);
    }
    if (outbox.first != nullptr || state_ != State::kOpen) break;  // the less urgent stays behind
    // A waiter that is stuck (a call without a place in its channel's table, an item without
    // credit) blocks later waiters of its own frame kind only.
    uint32_t stuck = 0;  // bits, by kind
    for (RoomWaiter* waiter = waiters_[priority].front(); waiter != nullptr;) {
      RoomWaiter* next = waiters_[priority].next(waiter);
      const uint32_t kind = 1u << static_cast<uint32_t>(waiter->kind);
      if ((stuck & kind) == 0 && !waiter->OnRoom()) stuck |= kind;
      if (stuck != 0 && (!has_credit() || link_->has_tx())) break;
      waiter = next;
    }
    if (stuck != 0 && (!has_credit() || link_->has_tx())) break;
  }
  anyone_waits_ =
      std::any_of(waiters_.begin(), waiters_.end(), [](const auto& list) { return !list.empty(); });
  flushing_ = false;
  if (goodbye_ == Goodbye::kWanted) StartClose();
  if (peer_closing()) MaybeSendClosed();
}

int64_t Session::WakeWaiters(int64_t now_ns) {
  int64_t next_ns = Timers::kNever;
  for (auto& waiters : waiters_) {
    for (RoomWaiter* waiter = waiters.front(); waiter != nullptr;) {
      RoomWaiter* next = waiters.next(waiter);
      if (now_ns == Timers::kNever || waiter->wait_until_ns <= now_ns)
        waiter->OnRoom();
      else
        next_ns = std::min(next_ns, waiter->wait_until_ns);
      waiter = next;
    }
  }
  return next_ns;
}

Session::QueuedCount Session::CountQueued() const {
  QueuedCount count;
  if (outbox_frames_ == 0) return count;
  for (const Outbox& outbox : outbox_) {
    for (const Queued* queued = outbox.first; queued != nullptr; queued = queued->next) {
      if (IsSequenced(queued->outgoing.kind)) ++count.sequenced;
      count.one_way |= queued->outgoing.kind == FrameKind::OneWay;
    }
  }
  return count;
}

void Session::DropQueued(uint8_t priority) {
  Outbox& outbox = outbox_[priority];
  Queued* first = outbox.first;
  outbox.first = first->next;
  if (outbox.first == nullptr) outbox.last = nullptr;
  JF_CHECK(outbox_frames_ > 0, "what leaves the outbox is counted in it");
  --outbox_frames_;
  const Block freed = std::move(first->self);
}

void Session::DropOutbox() {
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    while (outbox_[priority].first != nullptr) DropQueued(priority);
  }
}

}  // namespace jackfield
