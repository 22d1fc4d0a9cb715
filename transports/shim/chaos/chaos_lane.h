// One direction through the chaos shim: frames that have been taken and wait for the moment at
// which they go on.
//
// Every frame is copied into a block of the node's pool and held in a table of bounded size; when
// the table is full, or the pool has no block, nothing more is taken, and the sender feels it as
// back-pressure.
//
// Thread: the node's. Owns: the frames it holds, with their descriptors.
#ifndef JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_LANE_H_
#define JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_LANE_H_

#include <array>
#include <cstdint>
#include <deque>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "transports/engine/seeded.h"
#include "transports/shim/chaos/chaos.h"

namespace jackfield {

class ChaosLane {
 public:
  static constexpr size_t kHeldFramesMax = 256;
  static constexpr int64_t kReorderNs =
      200'000;  // a frame that is overtaken waits so long, whatever else delays it

  struct Held {
    Block block;
    uint32_t bytes = 0;
    int64_t due_ns = 0;
    uint8_t fd_count = 0;
    std::array<int, kFdsMax> fds;
  };
  enum class Taken : uint8_t { kYes, kNoRoom, kCut };

  // spare_bytes: of the front of each frame, left alone by `corrupt`.
  ChaosLane(Loop& loop, const ChaosSettings& settings, uint64_t seed, uint32_t spare_bytes)
      : loop_(loop), settings_(settings), random_(seed), spare_bytes_(spare_bytes) {}
  ~ChaosLane() { Clear(); }

  // Is there room for a frame, and its duplicate?
  bool has_room() const { return held_.size() + 2 <= kHeldFramesMax; }
  // Decides the fate of a frame. kYes: it has been copied, or dropped. fds stay the caller's.
  Taken Take(const FrameRef& frame, const int* fds, uint8_t fd_count);
  // The frame that goes on next, or nullptr: none is due.
  Held* Due(int64_t now_ns) {
    return next_ns() <= now_ns && !held_.empty() ? &held_.front() : nullptr;
  }
  Held PopDue();
  bool empty() const { return held_.empty(); }
  int64_t next_ns() const;  // of the first to go on; Timers::kNever if none
  void Hurry();             // everything held goes on now
  void Clear();             // nothing held goes on

 private:
  bool Insert(const FrameRef& frame, const int* fds, uint8_t fd_count, int64_t due_ns,
              bool corrupt);

  Loop& loop_;
  const ChaosSettings settings_;
  Random random_;
  const uint32_t spare_bytes_;
  std::deque<Held> held_;    // by moment; of equal moments in the order taken
  int64_t last_due_ns_ = 0;  // of those that keep the order
  int64_t stalled_until_ns_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_LANE_H_
