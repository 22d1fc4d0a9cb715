// The receiving half of a connection: segments from their arrival, in any order, until their frames
// have been taken, in order.
//
//   free_ … frames lie in the link's rx queue … cut_ … arrived, to be delivered … next_ … some have
//   arrived … end
//
// Invariants:
//   1. free_ ≤ cut_ ≤ next_ ≤ free_ + window_: all that is held lies within the window.
//   2. Every segment before next_ has arrived; the one with the number next_ has not.
//
// Thread: the node's. Owns: the segments, each a copy in a block of the pool.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RECEIVE_WINDOW_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RECEIVE_WINDOW_H_

#include <cstdint>
#include <span>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "transports/shim/reliable/slots.h"

namespace jackfield {

class ReceiveWindow {
 public:
  static constexpr uint32_t kSegmentsMax = 512;

  // window_segments: 1..kSegmentsMax. first: the first segment's number, another one in tests
  // alone.
  ReceiveWindow(MemoryAccount& memory, uint32_t window_segments, uint32_t first = 1)
      : memory_(memory), window_(window_segments), free_(first), cut_(first), next_(first) {}

  enum class Taken : uint8_t { kYes, kRepeat, kNoRoom };
  // kNoRoom: outside the window, or no memory. It must not be acknowledged then.
  Taken Take(uint32_t number, std::span<const std::byte> segment);

  // Cuts what is in order into frames for the link's rx queue, as far as there is room.
  void Deliver(Link& link);
  // The link's rx queue is empty: what lay in it is given back.
  void FreeDelivered();

  uint32_t next() const { return next_; }
  // How many segments, from next() on, may come.
  uint32_t room() const {
    const uint32_t end = free_ + window_;  // next_ may have stepped over it where it stepped over 0
    return After(end, next_) ? end - next_ : 0;
  }
  uint32_t window() const { return window_; }
  bool has_gaps() const { return beyond_ > 0; }
  bool delivered_all() const { return cut_ == next_; }
  bool empty() const { return free_ == next_ && beyond_ == 0; }

  void Rest() { slots_.Release(); }  // Requires: empty()

 private:
  struct Held {
    Block block;
    uint32_t bytes = 0;  // 0: not here
  };
  static void Advance(uint32_t& number) {
    if (++number == 0) ++number;  // 0 is no segment
  }

  MemoryAccount& memory_;
  const uint32_t window_;
  Slots<Held, kSegmentsMax> slots_;
  uint32_t free_, cut_, next_;
  uint32_t cut_at_ = 0;  // bytes of segment cut_ that were delivered
  uint32_t beyond_ = 0;  // segments that arrived before one that is missing
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RECEIVE_WINDOW_H_
