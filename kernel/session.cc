#include "kernel/session.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/call_chain.h"
#include "kernel/frame_log.h"
#include "kernel/loop/loop.h"
#include "kernel/refusal.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr int64_t kAckDelayNs = 5'000'000;  // for a frame that an acknowledgement can ride on

// With no credit at all nothing could ever be sent; more than a peer believes in would end the
// session; and a frame lies in one block.
SessionLimits Sound(SessionLimits limits) {
  limits.window_units = std::clamp(limits.window_units, 1u, kPeerWindowUnitsMax);
  limits.stream_items = std::clamp(limits.stream_items, 1u, kPeerWindowUnitsMax);
  limits.frame_bytes_max =
      std::clamp(limits.frame_bytes_max, kFrameBytesLeast, kFrameBytesMaxDefault);
  return limits;
}

// Apart, so that what each frame passes stays small.
[[gnu::noinline]] absl::Status RefusalOn(const Session& session, FrameRef frame) {
  return ReadRefusal({frame.data, frame.bytes}, session.link().traits().description);
}

// Urgent frames among others are not served in the order of arrival.
bool HasMixedPriorities(Link& link) {
  for (uint32_t i = 0; i < link.rx_frames(); ++i) {
    const FrameRef& frame = link.NextRx(i);
    if (frame.bytes >= kHeaderBytes && PeekPriority(frame.data) != kPriorityDefault &&
        CostsCredit(CopyHeader(frame.data).kind()))
      return true;
  }
  return false;
}

}  // namespace

void Ledger::Add(const Ledger& other) {
  sent += other.sent, delivered += other.delivered, failed += other.failed,
      in_doubt += other.in_doubt;
  refused += other.refused, dropped += other.dropped, received += other.received,
      handled += other.handled;
  stale += other.stale, late += other.late, expired += other.expired, lost += other.lost;
}

void Receipt::Add(const Receipt& other) {
  handled += other.handled, delivered += other.delivered, undelivered += other.undelivered,
      in_doubt += other.in_doubt;
}

Session::Session(Loop& loop, Side side, SessionLimits limits, bool passes_fds, User& user)
    : loop_(loop),
      side_(side),
      limits_(Sound(limits)),
      user_(&user),
      passes_fds_(passes_fds),
      hello_timer_(
          [](Timer& timer) {
            auto* self = static_cast<Session*>(timer.user);
            self->OnNoWelcome(
                NoWelcome::kSilence,
                Refused(Reason::kUnreachable,
                        Text("no hello from the other end of ", self->Where(), " within ",
                             self->limits_.hello / 1ms, " ms; is it a Jackfield service?")));
          },
          this),
      ack_timer_(
          [](Timer& timer) {
            auto* self = static_cast<Session*>(timer.user);
            self->MaybeSendAck();
            if (self->peer_closing()) self->MaybeSendClosed();
          },
          this),
      frame_bytes_max_(limits_.frame_bytes_max) {}

// ---- The link.

void Session::Attach(std::unique_ptr<LinkDriver> driver, LinkTraits traits) {
  link_ = &Link::Add(loop_, std::move(driver), std::move(traits), this);
  no_room_ = outbox_full_ = absl::OkStatus();  // they name the link
  identity_ = link_->traits().peer;
  frame_bytes_max_ = std::min(limits_.frame_bytes_max, link_->caps().frame_bytes_max);
  if (!link_->caps().reply) return OpenOneWay();
  loop_.timers().Arm(hello_timer_, loop_.clock().NowNs() + limits_.hello.count());
  if (side_ == Side::kClient && !SendHello()) OnNoWelcome(NoWelcome::kRefused, NoMemory());
}

void Session::DropLink() {
  loop_.timers().Cancel(hello_timer_);
  if (link_ != nullptr) loop_.Remove(*std::exchange(link_, nullptr));
}

void Session::OnFrames(Link& link) {
  const bool server = side_ == Side::kServer;
  if (server && HasMixedPriorities(link)) user_->OnMixedPriorities();
  while (&link == link_ && link.has_rx() &&  // what comes may be the reason to drop the link
         (!server || ((!one_way() || user_->HasRoom()) && link.HasMemoryForRx()))) {
    OnFrame(link.NextRx());
    link.PopRx();
  }
  if (server) user_->AfterFrames(link.has_rx());
}

void Session::OnRoom(Link&) {
  if (senders_ != nullptr) NoteTaken();
  const bool held_back = outbox_frames_ != 0;
  Flush();
  if (held_back && outbox_frames_ == 0 && side_ == Side::kServer) user_->AfterFrames(false);
}

void Session::OnClosed(Link&, const absl::Status& why) {
  const bool client = side_ == Side::kClient;
  const absl::Status reason = !why.ok()
                                  ? why
                                  : MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                               client ? Text(Where(), ": the service has gone")
                                                      : std::string("the client has gone"));
  const bool went = ReasonOf(reason) == Reason::kPeerDied;
  if (!client || state_ != State::kHello || (!went && ReasonOf(reason) != Reason::kUnreachable))
    return Fail(reason);
  // It went before it said a word, as a service does that is just being restarted: as good as not
  // there yet. Or the medium has a link for whoever asks, and says only then that nobody is there.
  OnNoWelcome(NoWelcome::kLinkLost,
              !went ? reason
                    : Refused(Reason::kUnreachable,
                              Text(std::string(reason.message()),
                                   " before it said hello, and without a reason; did it end, or "
                                   "was it in the way of others?")));
}

void Session::OnNoWelcome(NoWelcome how, const absl::Status& why) {
  const absl::Status reason = why;  // `why` may belong to the link
  if (side_ != Side::kClient || !user_->TriesAgain(how, reason)) return Fail(reason);
  DropLink();
}

std::string Session::Where() const {
  return link_ == nullptr ? "the address" : link_->traits().description;
}

MemoryAccount& Session::memory() const {
  return link_ != nullptr ? link_->memory() : loop_.blocks();
}

Session::~Session() {
  DropLink();
  loop_.timers().Cancel(ack_timer_);
  DropOutbox();
}

// ---- Receiving.

void Session::OnFrame(FrameRef frame) {
  if (state_ == State::kEnded) return;
  const FrameHeader header = CopyHeader(frame.data);  // once; from here on only the copy
  if (one_way()) [[unlikely]]
    return OnOneWayFrame(header, frame);
  if (const char* fault = HeaderFault(header, frame.bytes); fault != nullptr) [[unlikely]] {
    if (state_ == State::kHello && IsOfAShim({frame.data, frame.bytes}))
      return OnOtherStack(header.kind());
    if (state_ == State::kHello && header.magic() == kMagic && header.version() != kVersionMax)
      return OnOtherVersion(header.version());
    return Corrupt(header, fault);
  }
  const FrameKind kind = header.kind();
  if (state_ == State::kHello) {
    const auto payload = std::span<const std::byte>(frame.data, frame.bytes)
                             .subspan(kHeaderBytes + 8u * header.extension_words());
    if (side_ == Side::kServer && kind == FrameKind::Hello) return OnHello(header, payload);
    if (side_ == Side::kClient && kind == FrameKind::Welcome && header.epoch() == loop_.epoch())
      return OnWelcome(header, payload);
    if (side_ == Side::kClient && kind == FrameKind::Refuse)
      return OnRefuse(RefusalOn(*this, frame));
    if (header.epoch() != loop_.epoch()) {
      ++ledger_.stale;
      return;
    }
    return Corrupt(header, "a frame before the hello");
  }
  if (header.epoch() != loop_.epoch()) [[unlikely]] {
    ++ledger_.stale;
    return;
  }
  OnAckAndGrant(header);
  if (kind == FrameKind::Ack) return;
  if (state_ == State::kEnded) return;
  if (IsSequenced(kind) || kind == FrameKind::Cancel || kind == FrameKind::StreamGrant)
    return OnSequenced(header, frame);
  if (kind == FrameKind::Close) {
    if (!peer_closing()) peer_goodbye_ = Goodbye::kSaid;
    user_->OnPeerClosing(*this);
    return MaybeSendClosed();
  }
  if (kind == FrameKind::Closed && said_goodbye()) {
    const auto* receipt =
        RootOf<wire::Receipt>({frame.data + kHeaderBytes, frame.bytes - kHeaderBytes});
    if (receipt == nullptr) return Corrupt(header, "a receipt that cannot be read");
    if (receipt->received() > ledger_.sent)
      return Corrupt(header, "a receipt for more than was sent");
    peer_received_ = receipt->received();
    goodbye_ = Goodbye::kAnswered;
    return user_->OnReceipt(*this);
  }
  if (kind == FrameKind::Refuse && IsRefusal({frame.data, frame.bytes}))
    return OnRefuse(RefusalOn(*this, frame));
  Corrupt(header, "a frame that does not belong here");
}

void Session::OnSequenced(const FrameHeader& header, FrameRef frame) {
  const bool sequenced = IsSequenced(header.kind());
  if (sequenced) {
    if (header.sequence() != rx_sequence_ + 1)
      return Corrupt(header, Text("sequence ", header.sequence(), " after ", rx_sequence_));
    rx_sequence_ = header.sequence();
    ++ledger_.received;
  }
  if (CostsCredit(header.kind())) {
    if (!After(told_grant_, rx_units_)) return Corrupt(header, "it sends without credit");
    rx_units_ += UnitsOf(frame.bytes);
  }
  Deliver(header, frame, sequenced);
}

void Session::Deliver(const FrameHeader& header, FrameRef frame, bool sequenced) {
  const uint32_t extension_bytes = 8u * header.extension_words();
  MessageView message;
  message.type_ = header.message_type();
  message.extension_bytes_ = static_cast<uint16_t>(extension_bytes);
  message.payload_ = {frame.data + kHeaderBytes + extension_bytes,
                      frame.bytes - kHeaderBytes - extension_bytes};
  message.stealable_ = link_->RxBlock();
  const std::span<const std::byte> extension{frame.data + kHeaderBytes, extension_bytes};
  if (extension_bytes != 0 && !ExtensionIsSound(extension))
    return Corrupt(header, "an extension that cannot be read");
  if (header.fd_count() != 0) {
    message.fds_ = std::make_unique<MessageView::Fds>();
    if (!link_->TakeFds(message.fds_->fds.data(), header.fd_count()))
      return Corrupt(header, "other descriptors than it says");
    message.fds_->count = header.fd_count();
  }
  if (FrameLog* log = loop_.frame_log(); log != nullptr && FrameLog::Notes(header.kind())) {
    log->Add(FrameWay::kReceived, &header, peer_epoch_, loop_.now_ns());
    if (log->wants_messages()) [[unlikely]]
      log->OnMessage(*this, FrameWay::kReceived, header, message.payload_);
  }
  Received received{header, message, extension,
                    CostsCredit(header.kind()) ? UnitsOf(frame.bytes) : 0, false};
  user_->OnReceived(*this, received);
  if (sequenced && !received.kept && state_ != State::kEnded) {
    rx_units_handled_ += received.units;
    ++ledger_.handled;
    OweAck();
    if (peer_closing()) [[unlikely]]  // it may have been the last answer
      loop_.timers().Arm(ack_timer_, loop_.now_ns());
  }
}

void Session::OnAckAndGrant(const FrameHeader& header) {
  const uint32_t newly = header.ack() - tx_acked_;
  if (newly <= tx_sequence_ - tx_acked_) {
    tx_acked_ = header.ack();
    ledger_.delivered += newly;
  } else if (!After(tx_acked_, header.ack())) {  // not just an older word
    return Corrupt(header, "it acknowledges what was not sent");
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
  Fail(MakeStatus(
      Outcome::kFailed, Reason::kCorrupt,
      Text("corrupt frame from ", Where(), ": ", what, " (", DescribeHeader(header), ")")));
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
  if (state_ == State::kEnded) return;
  OweAck();
  // Later in the turn: the answer to what is now handled goes first.
  if (peer_closing()) loop_.timers().Arm(ack_timer_, loop_.now_ns());
}

uint32_t Session::HandledUpTo() const {
  const Unhandled* oldest = unhandled_.front();
  return oldest == nullptr ? rx_sequence_ : oldest->sequence - 1;
}

void Session::OweAck() {
  if (one_way()) return;
  if (!ack_timer_.armed()) loop_.timers().Arm(ack_timer_, loop_.now_ns() + kAckDelayNs);
  if (rx_units_handled_ + limits_.window_units - told_grant_ >= limits_.window_units / 4)
    MaybeSendAck();
}

void Session::MaybeSendAck() {
  if (state_ != State::kOpen || link_ == nullptr) return;
  const uint32_t untold = rx_units_handled_ + limits_.window_units - told_grant_;
  // However little: what is granted may be all that the peer waits for.
  if (told_ack_ == HandledUpTo() && untold == 0) return;
  Bytes nothing;
  // The link is full: what leaves next carries it, or the timer tries again.
  if (!SendControl(FrameKind::Ack, nothing) && !ack_timer_.armed())
    loop_.timers().Arm(ack_timer_, loop_.now_ns() + kAckDelayNs);
}

// ---- Ending.

void Session::StartClose() {
  if (state_ != State::kOpen || said_goodbye()) return;
  goodbye_ = Goodbye::kWanted;
  if (outbox_frames_ > 0) return;  // Flush comes back here
  Bytes nothing;
  if (!one_way() && !SendControl(FrameKind::Close, nothing)) return;
  goodbye_ = Goodbye::kSaid;
  if (one_way()) NoteTaken();
}

void Session::MaybeSendClosed() {
  if (peer_goodbye_ != Goodbye::kSaid || state_ != State::kOpen || !unhandled_.empty() ||
      outbox_frames_ > 0 || user_->AwaitsAnswers(*this))
    return;
  Build receipt([this](flatbuffers::FlatBufferBuilder& fbb) {
    fbb.Finish(wire::CreateReceipt(fbb, ledger_.handled, ledger_.received));
  });
  if (SendControl(FrameKind::Closed, receipt))
    peer_goodbye_ = Goodbye::kAnswered;
  else
    loop_.timers().Arm(ack_timer_, loop_.now_ns() + kAckDelayNs);  // the link is full
}

Receipt Session::receipt() const {
  Receipt receipt;
  (one_way() ? receipt.delivered : receipt.handled) = ledger_.delivered;
  receipt.undelivered = ledger_.failed + too_large_ +
                        (state_ == State::kEnded ? outbox_at_end_ : CountQueued().sequenced);
  if (receipt_came() && peer_received_ > receipt.handled)
    receipt.delivered = peer_received_ - receipt.handled;
  receipt.in_doubt =
      ledger_.sent - receipt.handled - receipt.delivered - std::min(ledger_.failed, ledger_.sent);
  return receipt;
}

void Session::Fail(const absl::Status& why) {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  loop_.timers().Cancel(hello_timer_);
  loop_.timers().Cancel(ack_timer_);
  // No other session is on the link: it closes now, so that what then lies in its queue never
  // leaves.
  if (link_ != nullptr) link_->StartClose();
  if (one_way()) NoteTaken();
  // What is still in the link's queue has not left, unless its driver says so; the rest of what is
  // not acknowledged may have been handled.
  uint32_t queued_there = 0;
  for (uint32_t i = link_ == nullptr ? 0 : link_->tx_given();
       link_ != nullptr && i < link_->tx_frames(); ++i) {
    const FrameRef& frame = link_->NextTx(i);
    if (IsSequenced(CopyHeader(frame.data).kind())) ++queued_there;
  }
  const uint32_t unsent = std::min(queued_there, tx_sequence_ - tx_acked_);
  ledger_.failed += unsent;
  ledger_.in_doubt += tx_sequence_ - tx_acked_ - unsent;
  if (Session* next = user_->Successor(*this, why)) HandOver(*next, queued_there, unsent);
  const QueuedCount queued = CountQueued();
  outbox_at_end_ = queued.sequenced;
  one_way_queued_at_end_ |= queued.one_way;
  ledger_.dropped += outbox_frames_;
  DropOutbox();
  const absl::Status reason = why;  // `why` may belong to what the user now destroys
  if (FrameLog* log = loop_.frame_log()) log->OnEnd(*this, reason);
  user_->OnEnd(*this, reason);
}

}  // namespace jackfield
