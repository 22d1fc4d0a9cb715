// Frames that are larger than a ring's records: they are built in a block of the node's pool, go
// through the ring in pieces, each a record, and are put together in a block at the other end.
// Everything else is built and read in the ring, as ever. (Pieces are those of the fragment shim,
// docs/WIRE.md, but for their kind: so fragment+ may stand in front of a ring, too.)
//
// While a large frame is under way nothing else enters the ring, so the order stays.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_LARGE_FRAMES_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_LARGE_FRAMES_H_

#include <cstddef>
#include <cstdint>

#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "transports/engine/ring/lane.h"
#include "transports/shim/fragment/assembly.h"

namespace jackfield {

class LargeFrames {
 public:
  static constexpr std::byte kPieceKind{0x42};  // outside the session's kinds and fragment's
  static bool IsPiece(const std::byte* frame) { return frame[2] == kPieceKind; }

  // piece_bytes_max: of a record that is a piece.
  LargeFrames(Link& link, uint32_t piece_bytes_max);
  ~LargeFrames();

  // ---- Out.

  // Memory for a claim; what it had before stays until Send has nothing to send. False: there is
  // none, and the link is woken a little later.
  bool Provide(uint32_t wanted_bytes);
  bool provides() const { return static_cast<bool>(memory_); }
  enum class Sent : uint8_t { kAll, kLater };
  // What the link has queued goes into the ring, as far as there is room; then the memory is given
  // back, unless a claim is open in it.
  Sent Send(LaneWriter<>& lane);
  // The room that it waits for; 0 if it does not.
  uint32_t wanted_bytes() const { return wanted_bytes_; }

  // ---- In.

  enum class Took : uint8_t { kMore, kComplete, kNoMemory, kCorrupt };
  // kComplete: the frame is in the link's rx queue. kNoMemory: to be taken again later.
  Took Take(const std::byte* piece, uint32_t bytes);
  const char* fault() const { return fault_; }  // after kCorrupt
  void Taken() { assembled_.Reset(); }          // the link's rx queue is empty

 private:
  void WakeLater();  // nothing tells when there is memory
  bool Holds(const std::byte* frame) const;
  bool SendWhole(LaneWriter<>& lane, const FrameRef& frame);
  bool SendPieces(LaneWriter<>& lane, const FrameRef& frame);

  Link& link_;
  const uint32_t piece_bytes_max_;
  Block memory_, memory_before_;
  uint32_t message_ = 0;  // counts the frames that went in pieces
  uint32_t offset_ = 0;   // so much of the first one has gone
  uint32_t wanted_bytes_ = 0;
  Timer retry_;

  Assembly assembly_;
  Block assembled_;
  const char* fault_ = nullptr;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_LARGE_FRAMES_H_
