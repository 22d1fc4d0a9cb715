// Puts the pieces of one frame together. A piece that does not continue the frame under way ends
// it: what had come of it is dropped and counted (only below an unreliable transport).
//
// Thread: the node's. Owns: one block of the pool while a frame is unfinished.
#ifndef JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_ASSEMBLY_H_
#define JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_ASSEMBLY_H_

#include <cstdint>

#include "kernel/loop/block_pool.h"
#include "transports/shim/fragment/piece.h"

namespace jackfield {

class Assembly {
 public:
  // A claim of many bytes gets so much memory at first, and four times as much each time that so
  // many have come; only what has come whole before is believed.
  static constexpr uint32_t kTrustedBytes = 64 << 10;
  static constexpr uint32_t kGrowth = 4;

  explicit Assembly(MemoryAccount& memory) : memory_(memory) {}

  enum class Added : uint8_t { kMore, kComplete, kNoMemory, kDropped };
  // Requires: PieceFault found nothing, and the piece is not a whole frame.
  // kNoMemory: nothing has changed; add it again later.
  Added Add(const PieceHeader& header, const std::byte* data);
  // After kComplete: the frame. Empties the assembly.
  Block Take() { return std::move(block_); }
  uint32_t bytes() const { return total_bytes_; }
  bool under_way() const { return static_cast<bool>(block_); }
  void Drop() { block_.Reset(); }
  uint64_t dropped_frames() const { return dropped_frames_; }

 private:
  MemoryAccount& memory_;
  Block block_;
  uint32_t message_ = 0, total_bytes_ = 0, have_bytes_ = 0;
  uint32_t whole_bytes_max_ = 0;  // of the frames that have come whole
  uint64_t dropped_frames_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_ASSEMBLY_H_
