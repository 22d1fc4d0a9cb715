#include "transports/shim/tls/tls_driver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "kernel/refusal.h"
#include "transports/shim/tls/tls_record.h"

namespace jackfield {
namespace {

constexpr int64_t kMemoryRetryNs = 1'000'000;
constexpr int kRoundsPerPump = 8;            // others want their turn too
constexpr uint32_t kInnerFrames = 64;        // that wait in the inner link
constexpr uint32_t kRecordBytes = 16 << 10;  // of plaintext (RFC 8446, 5.1)
constexpr uint32_t kPlainBytes = 32 << 10;   // of the common block of plaintext
constexpr uint32_t kGrowth = 4;              // of it, for a large frame that really comes
constexpr uint32_t kAcceptedBytes = static_cast<uint32_t>(kAccepted.size());

std::span<const std::byte> BytesOf(const FrameRef& frame) { return {frame.data, frame.bytes}; }

}  // namespace

TlsDriver::TlsDriver(Loop& loop, Setup setup, std::unique_ptr<LinkDriver> inner,
                     const LinkTraits& inner_traits)
    : loop_(loop),
      setup_(std::move(setup)),
      inner_(loop, std::move(inner), inner_traits),
      retry_([](Timer& timer) { static_cast<TlsDriver*>(timer.user)->outer_->Wake(); }, this),
      accepted_left_(kAcceptedBytes) {
  inner_.SetOwner(this);
}

TlsDriver::~TlsDriver() {
  EndHandshake();
  loop_.timers().Cancel(retry_);
}

void TlsDriver::Pump(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  if (closed_) return;
  for (int round = 0; round < kRoundsPerPump; ++round) {
    if (phase_ == Phase::kBefore && setup_.role == Role::kConnect && Begin()) Shake(link);
    PassOut(link);
    const uint32_t queued = inner_.tx_frames();
    inner_.Turn(link.resting());  // OnClosed
    if (phase_ != Phase::kOpen) Shake(link);
    PassIn(link);
    if (failed_) Discard();
    if (!link.has_tx() || inner_.tx_frames() >= queued) break;
  }
  if (inner_closed_ && (failed_ || drained_)) {
    closed_ = true;
    EndHandshake();
    loop_.timers().Cancel(retry_);
    return link.Closed(why_);
  }
  if (!link.resting()) return;
  if (!link.has_rx() && begin_ == end_) plain_.Reset();
  inner_.Rest();
}

// ---- The handshake.

// False: it has failed.
bool TlsDriver::Begin() {
  if (failed_) return false;
  tls_ = TlsSession::Make(std::move(setup_.context), setup_.role, setup_.wanted, *this);
  if (tls_ == nullptr) {
    Fail(Refused(Reason::kResource,
                 Text(outer_->traits().description,
                      ": no TLS session: no "
                      "memory, or \"",
                      Escaped(setup_.wanted), "\" is no name that a certificate can have")));
    return false;
  }
  phase_ = Phase::kHandshake;
  if (setup_.role == Role::kServe) setup_.handshakes->Begin(*this);
  return true;
}

void TlsDriver::Shake(Link& link) {
  while (!failed_) {
    if (phase_ == Phase::kBefore) {
      if (setup_.role == Role::kConnect || !inner_.has_rx()) break;
      const std::span<const std::byte> frame = BytesOf(inner_.NextRx());
      if (absl::Status other = MeetOther(frame); !other.ok()) return Fail(std::move(other));
      if (!IsClientHello(TlsRecord::BytesIn(frame)))
        return FailCorrupt("it begins with no whole ClientHello");
      if (!Begin()) return;
    }
    const TlsSession::Step step = tls_->Handshake();
    if (step == TlsSession::Step::kDone) return Opened(link);
    if (step == TlsSession::Step::kWantsRoom) return AwaitRoom();
    if (step != TlsSession::Step::kWantsBytes) {
      return Fail(WithText(
          tls_->why(), Text(link.traits().description, ": ", std::string(tls_->why().message()))));
    }
    if (!LendNext()) break;
    link.NoteProgress();
  }
  drained_ = inner_closed_ && !inner_.has_rx();
}

void TlsDriver::Opened(Link& link) {
  EndHandshake();
  phase_ = Phase::kOpen;
  if (std::string name = tls_->PeerName(); !name.empty()) link.NoteCertificate(std::move(name));
}

void TlsDriver::EndHandshake() { setup_.handshakes->End(*this); }

void TlsDriver::GiveWay() {
  EndHandshake();
  Fail(Refused(Reason::kUnreachable, Text(outer_->traits().description,
                                          ": a TLS handshake that had not gone on gave way "
                                          "to a new one (",
                                          TlsHandshakes::kMax, " at once)")));
}

// The first thing that came is no record: a refusal, or what another stack sends. OK: it is one, or
// nothing that is known.
absl::Status TlsDriver::MeetOther(std::span<const std::byte> frame) {
  const std::string& where = outer_->traits().description;
  if (TlsRecord::IsOne(frame)) return absl::OkStatus();
  if (IsFrameOf(FrameKind::Refuse, frame)) {
    const absl::Status said = ReadRefusal(frame, where);
    if (ReasonOf(said) != Reason::kVersion) return said;
    return Refused(Reason::kVersion,
                   Text(where,
                        ": the other end does not speak TLS; take tls+ out of this address, "
                        "or put it in front of the other end's too"));
  }
  const bool plain = IsFrameOf(FrameKind::Hello, frame);
  if (!plain && !IsOfAShim(frame)) return absl::OkStatus();
  const absl::Status why = Refused(
      Reason::kVersion,
      Text("this end speaks TLS, and the other one does not: it needs tls+ in front of its address "
           "(outside of what is put there unasked), with ?ca=, ?cert= and ?key=, or ?token="));
  SendBareRefusal(inner_, why);
  return WithText(why, Text(where, ": ", std::string(why.message())));
}

// ---- Out.

size_t TlsDriver::PutTls(std::span<const std::byte> bytes) {
  const uint32_t most = (inner_.caps().frame_bytes_max - TlsRecord::kHeadBytes) & ~7u;
  const auto taken = static_cast<uint32_t>(std::min<size_t>(bytes.size(), most));
  if (inner_closed_ || inner_.closing()) return 0;
  std::byte* const to = inner_.Claim(TlsRecord::FrameBytes(taken));
  if (to == nullptr) return 0;
  TlsRecord::Begin(to, taken);
  std::memcpy(to + TlsRecord::kHeadBytes, bytes.data(), taken);
  inner_.Commit(to, TlsRecord::FrameBytes(taken));
  return taken;
}

void TlsDriver::AwaitRoom() {
  // If nothing is queued there, it is memory that is missing, and nobody will tell.
  if (!inner_.has_tx() && !inner_.closing() && !inner_closed_ && !retry_.armed())
    loop_.timers().Arm(retry_, loop_.clock().NowNs() + kMemoryRetryNs);
}

void TlsDriver::PassOut(Link& link) {
  if (failed_ || inner_closed_ || phase_ != Phase::kOpen) return;
  size_t moved = 0;
  while (setup_.role == Role::kServe && accepted_left_ > 0) {
    const auto left = std::span(kAccepted).last(accepted_left_);
    if (tls_->Write(left, moved) != TlsSession::Step::kDone) return AwaitRoom();
    accepted_left_ -= static_cast<uint32_t>(moved);
  }
  if (accepted_left_ > 0) return;  // not known yet whether this client is
  while (link.has_tx() && inner_.tx_frames() < kInnerFrames) {
    // Frames that lie side by side go into one record.
    const std::byte* const from = link.NextTx().data;
    uint32_t frames = 0, bytes = 0;
    while (frames < link.tx_frames()) {
      const FrameRef& next = link.NextTx(frames);
      if (next.data != from + bytes || (frames > 0 && bytes + Align8(next.bytes) > kRecordBytes))
        break;
      bytes += Align8(next.bytes);
      ++frames;
    }
    const TlsSession::Step step = tls_->Write({from + offset_, bytes - offset_}, moved);
    if (step == TlsSession::Step::kWantsRoom) return AwaitRoom();
    if (step != TlsSession::Step::kDone) {
      return Fail(WithText(
          tls_->why(), Text(link.traits().description, ": ", std::string(tls_->why().message()))));
    }
    offset_ += static_cast<uint32_t>(moved);
    uint32_t whole = 0;
    while (whole < frames && offset_ >= Align8(link.NextTx(whole).bytes))
      offset_ -= Align8(link.NextTx(whole++).bytes);
    if (whole > 0) link.PopTx(whole);
    link.NoteProgress();
  }
}

// ---- In.

// The next record to TLS. False: there is none, or it has failed.
bool TlsDriver::LendNext() {
  if (std::exchange(lending_, false)) inner_.PopRx();
  if (!inner_.has_rx()) return false;
  const std::span<const std::byte> frame = BytesOf(inner_.NextRx());
  if (phase_ == Phase::kHandshake && setup_.role == Role::kConnect) {
    if (absl::Status other = MeetOther(frame); !other.ok()) {
      Fail(std::move(other));
      return false;
    }
  }
  const std::span<const std::byte> tls = TlsRecord::BytesIn(frame);
  if (tls.empty()) {
    FailCorrupt("a frame that is no TLS record");
    return false;
  }
  lending_ = true;
  tls_->Lend(tls);
  return true;
}

void TlsDriver::PassIn(Link& link) {
  drained_ = drained_ && phase_ != Phase::kOpen;
  while (!failed_ && phase_ == Phase::kOpen) {
    if (!Cut(link) || !PrepareRead(link)) return;
    size_t moved = 0;
    const TlsSession::Step step = tls_->Read({plain_.data() + end_, plain_.size() - end_}, moved);
    end_ += static_cast<uint32_t>(moved);
    switch (step) {
      case TlsSession::Step::kDone:
        link.NoteProgress();
        break;
      case TlsSession::Step::kWantsBytes:
        if (LendNext()) break;
        drained_ = inner_closed_;
        return;
      case TlsSession::Step::kWantsRoom:
        return AwaitRoom();
      case TlsSession::Step::kEnded:
        return Fail(MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                               Text(link.traits().description, ": the other end has gone")));
      case TlsSession::Step::kFailed:
        return Fail(WithText(tls_->why(), Text(link.traits().description, ": ",
                                               std::string(tls_->why().message()))));
    }
  }
}

// Whole frames go up, where they lie. False: no room for them now, or it has failed.
bool TlsDriver::Cut(Link& link) {
  while (end_ - begin_ >= kAcceptedBytes) {
    std::byte* const at = plain_.data() + begin_;
    if (setup_.role == Role::kConnect && accepted_left_ > 0) {
      if (std::memcmp(at, kAccepted.data(), kAcceptedBytes) != 0) {
        FailCorrupt("the server does not begin with its word that it accepts this client");
        return false;
      }
      accepted_left_ = 0;
      begin_ += kAcceptedBytes;
      continue;
    }
    const uint32_t bytes = PeekFrameBytes(at);
    if (bytes < kHeaderBytes || bytes > kFrameBytesMaxDefault) {
      FailCorrupt("a frame of a size that there is not");
      return false;
    }
    if (end_ - begin_ < Align8(bytes)) return true;
    if (link.rx_room() == 0) return false;
    const bool alone = begin_ == 0 && end_ == Align8(bytes) && bytes >= kRecordBytes;
    begin_ += Align8(bytes);
    link.PushRx({at, bytes}, alone ? &plain_ : nullptr);
    if (alone) return false;  // its receiver may take the block: no more is read into it
  }
  return true;
}

// Room behind end_. False: not now.
bool TlsDriver::PrepareRead(Link& link) {
  if (link.has_rx()) return plain_ && end_ < plain_.size();  // invariant 2
  if (!plain_) begin_ = end_ = 0;                            // it was taken
  const uint32_t left = end_ - begin_;
  const uint32_t wanted = left >= 8 ? Align8(PeekFrameBytes(plain_.data() + begin_)) : 8;
  if (plain_) {
    if (begin_ > 0) std::memmove(plain_.data(), plain_.data() + begin_, left);
    begin_ = 0, end_ = left;
    if (end_ < plain_.size() && (wanted <= plain_.size() || end_ < plain_.size() / 2)) return true;
  }
  const uint32_t size =
      std::max(kPlainBytes, std::min(wanted, plain_ ? plain_.size() * kGrowth : kPlainBytes));
  if (plain_ && size <= plain_.size()) return end_ < plain_.size();
  Block larger = link.GetBlock(size);
  if (!larger) return false;
  if (left > 0) std::memcpy(larger.data(), plain_.data(), left);
  plain_ = std::move(larger);
  return true;
}

void TlsDriver::Discard() {
  lending_ = false;
  if (tls_ != nullptr) tls_->Lend({});
  while (inner_.has_rx()) inner_.PopRx();
}

// ---- The end.

void TlsDriver::FailCorrupt(std::string_view what) {
  Fail(MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                  Text("corrupt TLS from ", outer_->traits().description, ": ", what)));
}

void TlsDriver::Fail(absl::Status why) {
  if (failed_) return;
  failed_ = true;
  why_ = std::move(why);
  EndHandshake();
  inner_.StartClose();  // an alert, or a refusal, still goes
  outer_->Wake();
}

void TlsDriver::OnLost(Link&, uint64_t frames) {
  if (outer_ != nullptr) outer_->NoteLost(frames);  // records: at most so many frames
}

void TlsDriver::OnClosed(Link&, const absl::Status& why) {
  inner_closed_ = true;
  if (!failed_) why_ = why;
}

void TlsDriver::Close(Link& link) {
  outer_ = &link;
  inner_.SetOuter(&link);
  if (phase_ == Phase::kOpen && !failed_) tls_->SayEnd();
  if (!failed_) why_ = absl::OkStatus();
  failed_ = true;
  EndHandshake();
  inner_.StartClose();
  Discard();
  link.Wake();
}

}  // namespace jackfield
