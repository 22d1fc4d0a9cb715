#include "kernel/session.h"

#include <algorithm>
#include <new>

#include "kernel/call_chain.h"
#include "kernel/node.h"
#include "kernel/text.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr int64_t kAckDelayNs = 5'000'000;  // an acknowledgement waits so long for a frame to ride on
constexpr uint32_t kPeerWindowUnitsMax = 1 << 20;
constexpr uint64_t kFeatureFds = 1;  // docs/WIRE.md lists the features

// With no credit at all nothing could ever be sent.
SessionLimits AtLeastOne(SessionLimits limits) {
  limits.window_units = std::max(1u, limits.window_units);
  limits.stream_items = std::max(1u, limits.stream_items);
  return limits;
}

absl::Status Refused(Reason reason, std::string_view text) { return MakeStatus(Outcome::kRefused, reason, text); }

}  // namespace

// Lies at the beginning of its block; the frame follows.
struct Session::Queued {
  static constexpr uint32_t kBytes = 128;
  Block self;
  Queued* next = nullptr;
  Outgoing outgoing;
  uint32_t frame_offset = 0;
  uint32_t frame_bytes = 0;
};

Session::Session(Node& node, Side side, SessionLimits limits, bool passes_fds, User& user)
    : node_(node),
      side_(side),
      limits_(AtLeastOne(limits)),
      user_(user),
      passes_fds_(passes_fds),
      hello_timer_([](Timer& timer) {
        auto* self = static_cast<Session*>(timer.user);
        self->Fail(MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                              Text("no hello from the other end of ", self->Where(), " within ",
                                   self->limits_.hello_ns / 1'000'000, " ms; is it a Jackfield service?")));
      }, this),
      ack_timer_([](Timer& timer) {
        auto* self = static_cast<Session*>(timer.user);
        self->MaybeSendAck();
        if (self->peer_closing_) self->MaybeSendClosed();
      }, this),
      frame_bytes_max_(limits.frame_bytes_max) {
  static_assert(sizeof(Queued) <= Queued::kBytes);
}

void Session::Attach(Link& link, PeerNumber peer) {
  link_ = &link;
  peer_ = peer;
  identity_ = link.traits().peer;
  frame_bytes_max_ = std::min(limits_.frame_bytes_max, link.caps().frame_bytes_max);
  node_.timers().Arm(hello_timer_, node_.clock().NowNs() + limits_.hello_ns);
  if (side_ == Side::kClient) SendHello();
}

void Session::Detach() {
  link_ = nullptr;
  node_.timers().Cancel(hello_timer_);
}

std::string Session::Where() const { return link_ == nullptr ? "the address" : link_->traits().description; }

Session::~Session() {
  node_.timers().Cancel(hello_timer_);
  node_.timers().Cancel(ack_timer_);
  DropOutbox();
}

// ---- Hello.

void Session::SendHello() {
  Build hello([this](flatbuffers::FlatBufferBuilder& fbb) {
    const auto name = fbb.CreateString(node_.name());
    if (side_ == Side::kClient) {
      fbb.Finish(wire::CreateHello(fbb, kVersionMin, kVersionMax, passes_fds_ ? kFeatureFds : 0, node_.epoch(), frame_bytes_max_,
                                   limits_.window_units, limits_.stream_items, name, schema_hash_));
    } else {
      fbb.Finish(wire::CreateWelcome(fbb, kVersionMax, passes_fds_ ? kFeatureFds : 0, node_.epoch(), frame_bytes_max_, limits_.window_units,
                                     limits_.stream_items, name, schema_hash_));
    }
  });
  SendControl(side_ == Side::kClient ? FrameKind::Hello : FrameKind::Welcome, hello);
}

void Session::Refuse(Reason reason, const std::string& text) {
  Build refusal([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto words = fbb.CreateString(text);
    fbb.Finish(wire::CreateRefuse(fbb, static_cast<uint8_t>(reason), 0, kVersionMin, kVersionMax, words));
  });
  SendControl(FrameKind::Refuse, refusal);
  Fail(Refused(reason, text));
}

void Session::OnHello(const FrameHeader& header, std::span<const std::byte> payload) {
  const auto* hello = RootOf<wire::Hello>(payload);
  if (hello == nullptr || hello->epoch() == 0) return Corrupt(header, "a hello that cannot be read");
  if (hello->version_min() > kVersionMax || hello->version_max() < kVersionMin) {
    return Refuse(Reason::kVersion, Text("version: this service speaks ", int{kVersionMin}, "..", int{kVersionMax},
                                         ", its client ", int{hello->version_min()}, "..", int{hello->version_max()}));
  }
  if (!refusal_.empty()) return Refuse(Reason::kResource, refusal_);
  passes_fds_ = (hello->features() & kFeatureFds) != 0 && link_->caps().fds;
  peer_epoch_ = hello->epoch();
  SendHello();
  OpenWith(hello->epoch(), hello->name(), hello->schema_hash(), hello->frame_bytes_max(), hello->window_units(), hello->stream_items(), hello->features());
}

void Session::OnWelcome(const FrameHeader& header, std::span<const std::byte> payload) {
  const auto* welcome = RootOf<wire::Welcome>(payload);
  if (welcome == nullptr || welcome->epoch() == 0) return Corrupt(header, "a welcome that cannot be read");
  OpenWith(welcome->epoch(), welcome->name(), welcome->schema_hash(), welcome->frame_bytes_max(), welcome->window_units(), welcome->stream_items(), welcome->features());
  Flush();
}

void Session::OpenWith(uint64_t epoch, const flatbuffers::String* name, uint64_t schema_hash, uint32_t frame_bytes_max,
                       uint32_t window_units, uint32_t stream_items, uint64_t features) {
  peer_epoch_ = epoch;
  peer_name_ = name == nullptr ? "" : Escaped(name->string_view().substr(0, 64));
  peer_schema_hash_ = schema_hash;
  frame_bytes_max_ = std::min(frame_bytes_max_, std::max(frame_bytes_max, 256u));
  peer_grant_ = std::min(window_units, kPeerWindowUnitsMax);
  peer_stream_items_ = stream_items;
  passes_fds_ &= (features & kFeatureFds) != 0;
  if (passes_fds_) link_->ExpectFds();
  state_ = State::kOpen;
  node_.timers().Cancel(hello_timer_);
  user_.OnOpen(*this);
}

void Session::OnRefuse(std::span<const std::byte> payload) {
  const auto* refusal = RootOf<wire::Refuse>(payload);
  if (refusal == nullptr) return Fail(Refused(Reason::kUnreachable, "the service refused without a reason"));
  const auto reason = static_cast<Reason>(refusal->reason());
  std::string text = refusal->text() == nullptr ? "" : Escaped(refusal->text()->string_view().substr(0, 1000));
  if (reason == Reason::kVersion) {
    text = Text("version: this client speaks ", int{kVersionMin}, "..", int{kVersionMax}, ", the service at ",
                Where(), " ", int{refusal->version_min()}, "..", int{refusal->version_max()});
  }
  Fail(Refused(reason, text));
}

// ---- Receiving.

void Session::OnFrame(FrameRef frame) {
  if (state_ == State::kEnded) return;
  const FrameHeader header = CopyHeader(frame.data);  // once; from here on only the copy
  if (const char* fault = HeaderFault(header, frame.bytes); fault != nullptr) [[unlikely]] {
    if (header.magic() == kMagic && header.version() != kVersionMax && side_ == Side::kServer && state_ == State::kHello) {
      return Refuse(Reason::kVersion, Text("version: this service speaks ", int{kVersionMin}, "..", int{kVersionMax},
                                           ", its client ", int{header.version()}));
    }
    return Corrupt(header, fault);
  }
  const FrameKind kind = header.kind();
  if (state_ == State::kHello) {
    const auto payload = std::span<const std::byte>(frame.data, frame.bytes).subspan(kHeaderBytes + 8u * header.extension_words());
    if (side_ == Side::kServer && kind == FrameKind::Hello) return OnHello(header, payload);
    if (side_ == Side::kClient && kind == FrameKind::Welcome && header.epoch() == node_.epoch()) return OnWelcome(header, payload);
    if (side_ == Side::kClient && kind == FrameKind::Refuse) return OnRefuse(payload);
    if (header.epoch() != node_.epoch()) {
      ++ledger_.stale;
      return;
    }
    return Corrupt(header, "a frame before the hello");
  }
  if (header.epoch() != node_.epoch()) [[unlikely]] {
    ++ledger_.stale;
    return;
  }
  OnAckAndGrant(header);
  if (kind == FrameKind::Ack) return;
  if (state_ == State::kEnded) return;
  if (IsSequenced(kind) || kind == FrameKind::Cancel || kind == FrameKind::StreamGrant) return OnSequenced(header, frame);
  if (kind == FrameKind::Close) {
    peer_closing_ = true;
    user_.OnPeerClosing(*this);
    return MaybeSendClosed();
  }
  if (kind == FrameKind::Closed && close_sent_) {
    const auto* receipt = RootOf<wire::Receipt>({frame.data + kHeaderBytes, frame.bytes - kHeaderBytes});
    if (receipt == nullptr) return Corrupt(header, "a receipt that cannot be read");
    if (receipt->received() > ledger_.sent) return Corrupt(header, "a receipt for more than was sent");
    peer_received_ = receipt->received();
    receipt_came_ = true;
    return user_.OnReceipt(*this);
  }
  Corrupt(header, "a frame that does not belong here");
}

void Session::OnSequenced(const FrameHeader& header, FrameRef frame) {
  const bool sequenced = IsSequenced(header.kind());
  if (sequenced) {
    if (header.sequence() != rx_sequence_ + 1) return Corrupt(header, Text("sequence ", header.sequence(), " after ", rx_sequence_));
    rx_sequence_ = header.sequence();
    ++ledger_.received;
  }
  const uint32_t extension_bytes = 8u * header.extension_words();
  Message message;
  message.type_ = header.message_type();
  message.extension_ = {frame.data + kHeaderBytes, extension_bytes};
  message.payload_ = {frame.data + kHeaderBytes + extension_bytes, frame.bytes - kHeaderBytes - extension_bytes};
  message.stealable_ = link_->RxBlock();
  if (extension_bytes != 0 && !ExtensionIsSound(message.extension_)) return Corrupt(header, "an extension that cannot be read");
  if (header.fd_count() != 0) {
    message.fds_ = std::make_unique<Message::Fds>();
    if (!link_->TakeFds(message.fds_->fds.data(), header.fd_count())) return Corrupt(header, "other descriptors than it says");
    message.fds_->count = header.fd_count();
  }
  Received received{header, message, message.extension_, CostsCredit(header.kind()) ? UnitsOf(frame.bytes) : 0, false};
  user_.OnReceived(*this, received);
  if (sequenced && !received.kept && state_ != State::kEnded) {
    rx_units_handled_ += received.units;
    ++ledger_.handled;
    OweAck();
  }
}

void Session::OnAckAndGrant(const FrameHeader& header) {
  const uint32_t newly = header.ack() - tx_acked_;
  if (newly != 0) {
    if (newly > tx_sequence_ - tx_acked_) {
      if (After(tx_acked_, header.ack())) return;  // an older word
      return Corrupt(header, "it acknowledges what was not sent");
    }
    tx_acked_ = header.ack();
    ledger_.delivered += newly;
  }
  if (After(header.grant(), peer_grant_)) {
    if (header.grant() - tx_units_ > kPeerWindowUnitsMax && After(header.grant(), tx_units_)) {
      return Corrupt(header, "it grants too much");
    }
    peer_grant_ = header.grant();
    Flush();
  }
}

void Session::Corrupt(const FrameHeader& header, std::string_view what) {
  Fail(MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                  Text("corrupt frame from ", Where(), ": ", what, " (", DescribeHeader(header), ")")));
}

// ---- Sending.

uint32_t Session::Budget(int64_t deadline_ns) const {
  if (deadline_ns == Timers::kNever) return kNoDeadline;
  // Outside a turn now_ns() is that of the last turn, perhaps long ago: the peer would be told of more than remains.
  const int64_t now_ns = node_.in_turn() ? node_.now_ns() : node_.clock().NowNs();
  return static_cast<uint32_t>(std::clamp<int64_t>((deadline_ns - now_ns) / 1000, 1, kNoDeadline - 1));
}

void Session::FillAndCommit(const Outgoing& out, std::byte* frame, uint32_t frame_bytes) {
  const bool sequenced = IsSequenced(out.kind);
  if (sequenced) {
    ++tx_sequence_;
    ++ledger_.sent;
    if (CostsCredit(out.kind)) tx_units_ += UnitsOf(frame_bytes);
  }
  told_ack_ = HandledUpTo();
  told_grant_ = rx_units_handled_ + limits_.window_units;
  new (frame) FrameHeader(kMagic, kVersionMax, out.kind, out.flags, frame_bytes, out.priority,
                          static_cast<uint8_t>(out.extension.size() / 8), out.code, static_cast<uint8_t>(out.fds.size()),
                          out.message_type, out.call_id, peer_epoch_, sequenced ? tx_sequence_ : 0, told_ack_,
                          Budget(out.deadline_ns), told_grant_);
  if (!out.fds.empty()) link_->AttachFds(out.fds.data(), static_cast<uint8_t>(out.fds.size()));
  link_->Commit(frame, frame_bytes, peer_);
}

absl::Status Session::CheckSendable(const Outgoing& out) const {
  if (state_ == State::kEnded || close_sent_) return Refused(Reason::kClosed, "the channel is closed");
  if (out.fds.size() > kFdsMax) {
    return Refused(Reason::kResource, Text("a message carries at most ", int{kFdsMax}, " descriptors, not ", out.fds.size()));
  }
  if (!out.fds.empty() && !passes_fds_) {
    return Refused(Reason::kResource, link_ != nullptr && link_->caps().fds
        ? Text(Where(), ": descriptors were not agreed on; open the channel with ChannelOptions.needs.fds")
        : Text(Where(), " cannot carry descriptors; use an address whose caps have fds"));
  }
  if (!out.fds.empty() && link_ != nullptr && !link_->has_fd_room()) {
    return Refused(Reason::kBackPressure, Text(Where(), " has as many messages with descriptors on the way as it takes (",
                                               Link::kFdFramesMax, ")"));
  }
  return absl::OkStatus();
}

absl::Status Session::NoRoom(const FrameSpace& space) const {
  if (space.too_large()) {
    return Refused(Reason::kTooLarge, Text("the message is larger than the ", payload_bytes_max(), " bytes that ", Where(), " carries (frame_bytes_max)"));
  }
  if (link_ != nullptr && link_->claim_open()) return Refused(Reason::kMisuse, "a send from inside the building of another message");
  return Refused(Reason::kBackPressure, Text(Where(), " is full: its reader is slower than its writers"));
}

absl::Status Session::Send(const Outgoing& out, Payload& payload) {
  if (absl::Status status = CheckSendable(out); !status.ok()) return status;
  const auto prefix = static_cast<uint32_t>(kHeaderBytes + out.extension.size());
  if (state_ != State::kOpen) return Refused(Reason::kBackPressure, "the connection is not open yet");
  if (CostsCredit(out.kind) && !has_credit() && payload.size_hint() <= payload_bytes_max()) {
    return Refused(Reason::kBackPressure, Text("no credit: ", peer_name_, " has not handled the last ",
                                               tx_sequence_ - tx_acked_, " messages (its window_units)"));
  }
  FrameSpace space(link_, nullptr, prefix, frame_bytes_max_);
  std::span<std::byte> written;
  if (!payload.Write(space, &written)) {
    link_->Abandon();
    return NoRoom(space);
  }
  std::byte* frame = written.data() - prefix;
  if (!out.extension.empty()) std::memcpy(frame + kHeaderBytes, out.extension.data(), out.extension.size());
  FillAndCommit(out, frame, prefix + static_cast<uint32_t>(written.size()));
  return absl::OkStatus();
}

bool Session::SendControl(FrameKind kind, Payload& payload) {
  FrameSpace space(link_, nullptr, kHeaderBytes, std::max(frame_bytes_max_, 256u));
  std::span<std::byte> written;
  if (!payload.Write(space, &written)) {
    link_->Abandon();
    return false;
  }
  const Outgoing out{.kind = kind, .priority = 0};
  FillAndCommit(out, written.data() - kHeaderBytes, kHeaderBytes + static_cast<uint32_t>(written.size()));
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
  if (outbox_frames_ >= limits_.outbox_frames) DropOldestOneWay();
  return SendOrQueue(out, payload);
}

// Of the least urgent. Calls and what belongs to them stay: somebody waits for those.
void Session::DropOldestOneWay() {
  for (uint8_t priority = kPriorityLevels; priority-- > 0;) {
    Queued* before = nullptr;
    for (Queued* queued = outbox_[priority].first; queued != nullptr; before = queued, queued = queued->next) {
      if (queued->outgoing.kind != FrameKind::OneWay) continue;
      (before == nullptr ? outbox_[priority].first : before->next) = queued->next;
      if (queued->next == nullptr) outbox_[priority].last = before;
      --outbox_frames_;
      ++ledger_.dropped;
      const Block freed = std::move(queued->self);
      return;
    }
  }
}

absl::Status Session::Enqueue(const Outgoing& out, Payload& payload) {
  if (absl::Status status = CheckSendable(out); !status.ok()) return status;
  if (!out.fds.empty()) return Refused(Reason::kBackPressure, "a message with descriptors does not wait in a queue");
  // Answers, grants, cancels and ends are bounded by the calls they belong to, and none may be lost.
  if (outbox_frames_ >= limits_.outbox_frames && CostsCredit(out.kind)) {
    return Refused(Reason::kBackPressure, Text(Where(), " is full, and so are the ", limits_.outbox_frames,
                                               " places of its queue (outbox_frames)"));
  }
  const auto prefix = static_cast<uint32_t>(Queued::kBytes + kHeaderBytes + out.extension.size());
  FrameSpace space(nullptr, &node_.blocks(), prefix, frame_bytes_max_ + Queued::kBytes);
  std::span<std::byte> written;
  if (!payload.Write(space, &written)) {
    if (space.too_large()) return NoRoom(space);
    return Refused(Reason::kResource, Text("no message memory: ", node_.blocks().bytes_max(), " bytes are in use (pool_bytes_max)"));
  }
  std::byte* frame = written.data() - kHeaderBytes - out.extension.size();
  if (!out.extension.empty()) std::memcpy(frame + kHeaderBytes, out.extension.data(), out.extension.size());
  Block block = space.TakeBlock();
  std::byte* data = block.data();
  auto* queued = new (data) Queued;
  queued->self = std::move(block);
  queued->outgoing = out;
  queued->outgoing.extension = {frame + kHeaderBytes, out.extension.size()};
  queued->frame_offset = static_cast<uint32_t>(frame - data);
  queued->frame_bytes = static_cast<uint32_t>(kHeaderBytes + out.extension.size() + written.size());
  Outbox& outbox = outbox_[out.priority];
  (outbox.last == nullptr ? outbox.first : outbox.last->next) = queued;
  outbox.last = queued;
  ++outbox_frames_;
  // What waits may be waiting for credit, which this frame does not need.
  if (!CostsCredit(out.kind)) Flush();
  return absl::OkStatus();
}

bool Session::SendQueued(Queued& queued) {
  if (queued.outgoing.deadline_ns <= node_.now_ns()) {  // its caller has been told: it never leaves
    ++ledger_.dropped;
    return true;
  }
  if (CostsCredit(queued.outgoing.kind) && !has_credit()) return false;
  std::byte* frame = link_->Claim(queued.frame_bytes);
  if (frame == nullptr) return false;
  std::memcpy(frame, reinterpret_cast<std::byte*>(&queued) + queued.frame_offset, queued.frame_bytes);
  FillAndCommit(queued.outgoing, frame, queued.frame_bytes);
  if (queued.outgoing.kind == FrameKind::Request) user_.OnQueuedSent(queued.outgoing.call_id, tx_sequence_);
  return true;
}

void Session::FlushWaiting() {
  if (flushing_ || state_ != State::kOpen) return;
  flushing_ = true;
  for (uint8_t priority = 0; priority < kPriorityLevels && state_ == State::kOpen; ++priority) {
    Outbox& outbox = outbox_[priority];
    while (outbox.first != nullptr && SendQueued(*outbox.first)) DropQueued(priority);
    if (outbox.first != nullptr) break;  // what is less urgent stays behind it
    bool stuck = false;
    while (RoomWaiter* waiter = waiters_[priority].front()) {
      if ((stuck = !waiter->OnRoom())) break;
    }
    // One that waits for something else, a place in its channel's table, must not hold up whoever could give it that.
    if (stuck && (!has_credit() || link_->has_tx())) break;
  }
  anyone_waits_ = std::any_of(waiters_.begin(), waiters_.end(), [](const auto& list) { return !list.empty(); });
  flushing_ = false;
  if (close_wanted_ && !close_sent_) StartClose();
  if (peer_closing_) MaybeSendClosed();
}

int64_t Session::WakeWaiters(int64_t now_ns) {
  int64_t next_ns = Timers::kNever;
  for (auto& waiters : waiters_) {
    for (RoomWaiter* waiter = waiters.front(); waiter != nullptr;) {
      RoomWaiter* next = waiters.next(waiter);
      if (now_ns == Timers::kNever || waiter->wait_until_ns <= now_ns) waiter->OnRoom();
      else next_ns = std::min(next_ns, waiter->wait_until_ns);
      waiter = next;
    }
  }
  return next_ns;
}

void Session::DropQueued(uint8_t priority) {
  Outbox& outbox = outbox_[priority];
  Queued* first = outbox.first;
  outbox.first = first->next;
  if (outbox.first == nullptr) outbox.last = nullptr;
  --outbox_frames_;
  const Block freed = std::move(first->self);
}

void Session::DropOutbox() {
  for (uint8_t priority = 0; priority < kPriorityLevels; ++priority) {
    while (outbox_[priority].first != nullptr) DropQueued(priority);
  }
}

// ---- Handling and acknowledging.

void Session::KeepUnhandled(Received& received, Unhandled& unhandled) {
  received.kept = true;
  unhandled.sequence = received.header.sequence();
  unhandled.units = received.units;
  unhandled_.PushBack(unhandled);
}

void Session::MarkHandled(Unhandled& unhandled) {
  if (!unhandled.linked()) return;
  unhandled.Unlink();
  rx_units_handled_ += unhandled.units;
  ++ledger_.handled;
  OweAck();
  // Later in the turn: the answer to what is now handled goes first.
  if (peer_closing_) node_.timers().Arm(ack_timer_, node_.now_ns());
}

uint32_t Session::HandledUpTo() const {
  const Unhandled* oldest = unhandled_.front();
  return oldest == nullptr ? rx_sequence_ : oldest->sequence - 1;
}

void Session::OweAck() {
  if (!ack_timer_.armed()) node_.timers().Arm(ack_timer_, node_.now_ns() + kAckDelayNs);
  if (rx_units_handled_ + limits_.window_units - told_grant_ >= limits_.window_units / 4) MaybeSendAck();
}

void Session::MaybeSendAck() {
  if (state_ != State::kOpen || link_ == nullptr) return;
  const uint32_t untold = rx_units_handled_ + limits_.window_units - told_grant_;
  if (told_ack_ == HandledUpTo() && untold < limits_.window_units / 4) return;
  Bytes nothing;
  // The link is full: what leaves next carries it, or the timer tries again.
  if (!SendControl(FrameKind::Ack, nothing) && !ack_timer_.armed()) node_.timers().Arm(ack_timer_, node_.now_ns() + kAckDelayNs);
}

// ---- Ending.

void Session::StartClose() {
  if (state_ != State::kOpen || close_sent_) return;
  close_wanted_ = true;
  if (outbox_frames_ > 0) return;  // Flush comes back here
  Bytes nothing;
  close_sent_ = SendControl(FrameKind::Close, nothing);
}

void Session::MaybeSendClosed() {
  if (closed_sent_ || state_ != State::kOpen || !unhandled_.empty() || outbox_frames_ > 0) return;
  Build receipt([this](flatbuffers::FlatBufferBuilder& fbb) {
    fbb.Finish(wire::CreateReceipt(fbb, ledger_.handled, ledger_.received));
  });
  closed_sent_ = SendControl(FrameKind::Closed, receipt);
  if (!closed_sent_) node_.timers().Arm(ack_timer_, node_.now_ns() + kAckDelayNs);  // the link is full
}

Receipt Session::receipt() const {
  Receipt receipt;
  receipt.handled = ledger_.delivered;
  receipt.undelivered = ledger_.failed + (state_ == State::kEnded ? outbox_at_end_ : outbox_frames_);
  if (receipt_came_ && peer_received_ > receipt.handled) receipt.delivered = peer_received_ - receipt.handled;
  receipt.in_doubt = ledger_.sent - receipt.handled - receipt.delivered - std::min(ledger_.failed, ledger_.sent);
  return receipt;
}

void Session::OnLinkClosed(const absl::Status& why) { Fail(why); }

void Session::Fail(const absl::Status& why) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  node_.timers().Cancel(hello_timer_);
  node_.timers().Cancel(ack_timer_);
  // No other session is on the link: it closes now, so that what then lies in its queue never leaves.
  if (link_ != nullptr && !link_->caps().many_peers) link_->StartClose();
  // What is still in the link's queue has not left; the rest of what is not acknowledged may have been handled.
  uint32_t unsent = 0;
  for (uint32_t i = 0; link_ != nullptr && i < link_->tx_frames(); ++i) {
    const FrameRef& frame = link_->NextTx(i);
    if (frame.peer == peer_ && IsSequenced(CopyHeader(frame.data).kind())) ++unsent;
  }
  tx_left_ = tx_sequence_ - unsent;
  if (After(tx_acked_, tx_left_)) tx_left_ = tx_acked_;
  ledger_.failed += tx_sequence_ - tx_left_;
  ledger_.in_doubt += tx_left_ - tx_acked_;
  outbox_at_end_ = outbox_frames_;
  ledger_.dropped += outbox_frames_;
  DropOutbox();
  const absl::Status reason = why;  // `why` may belong to what the user now destroys
  user_.OnEnd(*this, reason);
}

}  // namespace jackfield
