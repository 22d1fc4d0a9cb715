#include "transports/engine/ring/ring_driver.h"

#include <algorithm>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

RingDriver::RingDriver(const RingLane& out, const RingLane& in, uint64_t capacity,
                       std::unique_ptr<RingBell> bell, Trust trust)
    : writer_(*out.writer_words, *out.reader_words, out.data, capacity),
      reader_(*in.reader_words, *in.writer_words, in.data, capacity, RecordBytesMax(capacity)),
      bell_(std::move(bell)),
      record_bytes_max_(RecordBytesMax(capacity)),
      provided_bytes_max_(ProvidedBytesMax(capacity)),
      copy_(trust == Trust::kCopyFirst ? std::make_unique<FrameCopy>() : nullptr) {}

RingDriver::~RingDriver() { CloseLane(); }

void RingDriver::WholePump(Link& link) {
  if (!link.resting()) [[likely]]
    return PumpBoth(link);
  const bool untaken = link.has_rx();
  PumpBoth(link);
  if (!link.closed() && !link.closing() && !MayRest(link, untaken)) link.Wake();
}

void RingDriver::PumpBoth(Link& link) {
  settled_ = false;
  reader_.Awake();
  writer_.Awake();
  PumpTx(link);
  if (!link.closed() && !link.closing()) PumpRx(link);
}

// Says to the other end that this one sleeps, if there is nothing to do.
bool RingDriver::MayRest(Link& link, bool untaken) {
  const uint32_t piece = large_ == nullptr ? 0 : large_->wanted_bytes();
  if ((link.has_rx() && !untaken) || (link.has_tx() && piece == 0)) return false;
  const uint32_t wanted = piece != 0 ? piece : link.wanted_bytes();
  // For memory, which a larger one waits for, the link is woken by LargeFrames.
  if (wanted != 0 && wanted <= record_bytes_max_ && !writer_.MayWait(wanted)) return false;
  // Who left what it was given, or waits for memory, is woken when it can go on.
  if (untaken || taken_.bytes != 0 || link.rx_room() == 0) return true;
  if (!reader_.MaySleep() || bell_->PeerGone()) return false;
  if (copy_ != nullptr) copy_->Rest();
  return true;
}

void RingDriver::PumpTx(Link& link) {
  if (large_ != nullptr) [[unlikely]] {
    if (!link.has_rx()) large_->Taken();
    if (large_->provides() && !PumpLarge(link)) return;
  }
  if (const uint32_t frames = link.tx_frames(); frames > 0) {
    for (uint32_t i = 0; i < frames; ++i) {
      const FrameRef& frame = link.NextTx(i);
      writer_.Append(frame.data, Align8(frame.bytes));
    }
    link.PopTx(frames);
  }
  if (writer_.Publish()) bell_->Ring();
  // An open claim lies in what was provided before: it must not move (GrowClaim says when it may,
  // by wanting more).
  if (link.wanted_bytes() != 0) [[unlikely]]
    return ProvideWanted(link, link.wanted_bytes());
  if (link.claim_open()) return;
  const uint32_t room = writer_.Room(0);
  if (writer_.corrupt()) return CloseCorrupt(link, "its reader's position is impossible");
  link.ProvideTx(writer_.at(), std::min(room, provided_bytes_max_));
}

[[gnu::noinline]] void RingDriver::ProvideWanted(Link& link, uint32_t wanted) {
  if (wanted > record_bytes_max_) return ProvideLarge(link, wanted);
  const uint32_t room = writer_.Room(wanted);
  if (writer_.corrupt()) return CloseCorrupt(link, "its reader's position is impossible");
  link.ProvideTx(writer_.at(), std::min(room, std::max(wanted, provided_bytes_max_)));
}

// ---- Large frames. Apart from what each frame passes, so that that stays small.

// Returns whether all has gone, so that claims come from the ring again.
[[gnu::noinline]] bool RingDriver::PumpLarge(Link& link) {
  const LargeFrames::Sent sent = large_->Send(writer_);
  if (writer_.Publish()) bell_->Ring();
  if (sent == LargeFrames::Sent::kAll) return true;
  if (writer_.corrupt()) {
    CloseCorrupt(link, "its reader's position is impossible");
  } else if (!link.claim_open()) {
    link.ProvideTx(writer_.at(), 0);
  } else if (link.wanted_bytes() != 0 && !link.has_tx()) {
    ProvideLarge(link, link.wanted_bytes());  // the claim grows
  }
  return false;
}

[[gnu::noinline]] void RingDriver::ProvideLarge(Link& link, uint32_t wanted) {
  if (large_ == nullptr) large_ = std::make_unique<LargeFrames>(link, provided_bytes_max_);
  // An open claim stays where it is until it has been moved.
  if (!large_->Provide(wanted) && !link.claim_open()) link.ProvideTx(writer_.at(), 0);
}

void RingDriver::PumpRx(Link& link) {
  if (link.has_rx()) return;  // the frames lie in the ring until they are consumed
  if (copy_ != nullptr) copy_->Begin();
  if (taken_.bytes != 0 && (link.rx_room() == 0 || !TakeAgain(link))) return;
  if (reader_.Release()) bell_->Ring();
  std::byte* frame = nullptr;
  uint32_t bytes = 0;
  bool gone = false;
  while (link.rx_room() > 0) {
    switch (reader_.Take(&frame, &bytes)) {
      case LaneReader<>::Next::kFrame:
        if (LargeFrames::IsPiece(frame)) [[unlikely]] {
          if (!TakePiece(link, frame, bytes)) return;
          continue;
        }
        if (copy_ == nullptr) {
          link.PushRx({frame, bytes});
        } else {
          taken_ = {frame, bytes};
          if (!CopyIn(link)) return;
        }
        if (reader_.TakenAllSeen()) return;
        continue;
      case LaneReader<>::Next::kCorrupt:
        return CloseCorrupt(link, "a position or a record's length is impossible");
      case LaneReader<>::Next::kEmpty:
        if (link.has_rx()) return;
        gone = !gone && bell_->PeerGone();
        if (gone) {
          reader_.WriterGone();
          continue;  // for what it published after the look before
        }
        // A gap that was skipped is room too: its writer may sleep for it.
        if (reader_.Release()) bell_->Ring();
        settled_ = !link.resting();
        return;
      case LaneReader<>::Next::kEnd:
        if (link.has_rx()) return;
        CloseLane();
        return link.Closed(MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                                      Text(link.traits().description, ": the other end has gone")));
    }
  }
}

// Returns whether what follows it can be taken.
[[gnu::noinline]] bool RingDriver::TakePiece(Link& link, std::byte* piece, uint32_t bytes) {
  if (large_ == nullptr) large_ = std::make_unique<LargeFrames>(link, provided_bytes_max_);
  switch (large_->Take(piece, bytes)) {
    case LargeFrames::Took::kMore:
      // Copied: its place may be used again, if those before it are not lent out.
      if (!link.has_rx() && reader_.Release()) bell_->Ring();
      return true;
    case LargeFrames::Took::kComplete:
      return false;
    case LargeFrames::Took::kNoMemory:
      taken_ = {piece, bytes};
      return false;
    case LargeFrames::Took::kCorrupt:
      break;
  }
  CloseCorrupt(link, large_->fault());
  return false;
}

[[gnu::noinline]] bool RingDriver::TakeAgain(Link& link) {
  if (!LargeFrames::IsPiece(taken_.data)) return CopyIn(link);
  const FrameRef piece = std::exchange(taken_, {});
  return TakePiece(link, piece.data, piece.bytes);
}

// Returns whether there is room for more copies.
bool RingDriver::CopyIn(Link& link) {
  const FrameCopy::Pushed pushed = copy_->Push(link, taken_.data, taken_.bytes);
  if (pushed == FrameCopy::Pushed::kNoMemory) return false;
  taken_.bytes = 0;
  return pushed == FrameCopy::Pushed::kMore;
}

void RingDriver::CloseCorrupt(Link& link, const char* what) {
  CloseLane();
  link.Closed(MakeStatus(
      Outcome::kFailed, Reason::kCorrupt,
      Text("corrupt ring from ", link.traits().description, ": ", what, "; the link is closed")));
}

void RingDriver::CloseLane() {
  if (std::exchange(lane_closed_, true)) return;
  writer_.Close();
  bell_->Ring();
}

void RingDriver::Close(Link& link) {
  CloseLane();
  link.Closed(
      MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
