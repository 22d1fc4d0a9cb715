#include "transports/engine/ring/large_frames.h"

#include <cstring>
#include <utility>

#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

constexpr auto kHeadBytes = static_cast<uint32_t>(sizeof(PieceHeader));
constexpr int64_t kMemoryRetryNs = 1'000'000;

}  // namespace

LargeFrames::LargeFrames(Link& link, uint32_t piece_bytes_max)
    : link_(link),
      piece_bytes_max_(piece_bytes_max),
      retry_([](Timer& timer) { static_cast<LargeFrames*>(timer.user)->link_.Wake(); }, this),
      assembly_(link.memory()) {}

LargeFrames::~LargeFrames() { link_.loop().timers().Cancel(retry_); }

// ---- Out.

bool LargeFrames::Provide(uint32_t wanted_bytes) {
  Block memory = link_.memory().Get(wanted_bytes);
  if (!memory) {
    WakeLater();
    return false;
  }
  memory_before_ = std::exchange(memory_, std::move(memory));
  link_.ProvideTx(memory_.data(), wanted_bytes);
  return true;
}

void LargeFrames::WakeLater() {
  if (retry_.armed()) return;
  link_.loop().timers().Arm(retry_, link_.loop().clock().NowNs() + kMemoryRetryNs);
}

bool LargeFrames::Holds(const std::byte* frame) const {
  return frame >= memory_.data() && frame < memory_.data() + memory_.size();
}

LargeFrames::Sent LargeFrames::Send(LaneWriter<>& lane) {
  for (; link_.has_tx(); link_.PopTx(1)) {
    const FrameRef& frame = link_.NextTx();
    if (Holds(frame.data)) {
      const bool small = frame.bytes <= piece_bytes_max_;
      if (small ? !SendWhole(lane, frame) : !SendPieces(lane, frame)) return Sent::kLater;
    } else {  // it was built in the ring, before
      lane.Append(frame.data, Align8(frame.bytes));
    }
  }
  if (link_.claim_open()) return Sent::kLater;
  memory_.Reset();
  memory_before_.Reset();
  return Sent::kAll;
}

// A small one that was built in what a large one left of its memory.
bool LargeFrames::SendWhole(LaneWriter<>& lane, const FrameRef& frame) {
  wanted_bytes_ = Align8(frame.bytes);
  if (lane.Room(wanted_bytes_) < wanted_bytes_) return false;
  std::byte* const at = lane.at();
  std::memcpy(at, frame.data, wanted_bytes_);  // with its filling
  lane.Append(at, wanted_bytes_);
  wanted_bytes_ = 0;
  return true;
}

bool LargeFrames::SendPieces(LaneWriter<>& lane, const FrameRef& frame) {
  while (offset_ < frame.bytes) {
    const uint32_t bytes = NextPieceBytes(frame.bytes - offset_, piece_bytes_max_);
    wanted_bytes_ = Align8(kHeadBytes + bytes);
    if (lane.Room(wanted_bytes_) < wanted_bytes_) return false;  // or it is corrupt
    std::byte* const at = lane.at();
    PieceHeader header;
    header.kind = static_cast<uint8_t>(kPieceKind);
    header.frame_bytes = kHeadBytes + bytes;
    header.message = message_;
    header.total_bytes = frame.bytes;
    header.offset = offset_;
    std::memset(at + wanted_bytes_ - 8, 0, 8);  // what lay there before is nobody's business
    std::memcpy(at, &header, kHeadBytes);
    std::memcpy(at + kHeadBytes, frame.data + offset_, bytes);
    lane.Append(at, wanted_bytes_);
    offset_ += bytes;
    link_.NoteProgress();
  }
  offset_ = wanted_bytes_ = 0;
  ++message_;
  return true;
}

// ---- In.

LargeFrames::Took LargeFrames::Take(const std::byte* piece, uint32_t bytes) {
  PieceHeader header;  // looked at once: its writer may change it
  std::memcpy(&header, piece, kHeadBytes);
  header.kind = PieceHeader::kKind;
  fault_ = PieceFault(header, bytes, kFrameBytesMaxDefault);
  if (fault_ == nullptr && header.whole()) fault_ = "a piece that is a whole frame";
  if (fault_ == nullptr && header.fd_count != 0) fault_ = "a piece with descriptors";
  if (fault_ != nullptr) return Took::kCorrupt;
  switch (assembly_.Add(header, piece + kHeadBytes)) {
    case Assembly::Added::kMore:
      link_.NoteProgress();
      return Took::kMore;
    case Assembly::Added::kNoMemory:
      WakeLater();
      return Took::kNoMemory;
    case Assembly::Added::kDropped:
      fault_ = "a piece that continues no frame";
      return Took::kCorrupt;
    case Assembly::Added::kComplete:
      break;
  }
  assembled_ = assembly_.Take();
  link_.PushRx({assembled_.data(), assembly_.bytes()}, &assembled_);
  return Took::kComplete;
}

}  // namespace jackfield
