// A ring of frames in memory that two parties share: one writes, one reads, neither ever waits for
// the other.
//
// Frames lie one after another at multiples of 8, each in one piece, exactly as on a stream
// (kernel/frame.h); so a frame is built where it is sent from and read where it arrived. Where a
// frame would not fit before the end, and where the writer leaves a gap, lies a skip record: u32 0,
// u32 bytes (a multiple of 8, itself included).
//
// Atomics is a policy: StdAtomics in production; a test may explore interleavings with one of its
// own.
//
// Invariants (positions only grow; position & mask is the place in the data):
//   1. head ≤ tail ≤ head + capacity.
//   2. The bytes in [head, tail) are whole records; the writer never touches them.
//   3. tail is stored by the writer (release: publishes the records below it to the reader), head
//   by the reader
//      (release: gives the bytes below it back to the writer).
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace jackfield {

struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
};

template <class Atomics = StdAtomics>
struct RingCursors {
  alignas(128) typename Atomics::template Atomic<uint64_t> tail{0};  // writer → reader
  alignas(128) typename Atomics::template Atomic<uint64_t> head{0};  // reader → writer
};

inline constexpr uint32_t kSkipBytes = 8;

// The writer's end. Thread: the writer's.
template <class Atomics = StdAtomics>
class RingWriter {
 public:
  RingWriter(RingCursors<Atomics>& cursors, std::byte* data, uint64_t capacity)
      : cursors_(cursors),
        data_(data),
        mask_(capacity - 1),
        tail_(cursors.tail.load(std::memory_order_relaxed)) {}

  // Where the next frame goes.
  std::byte* at() const { return data_ + (tail_ & mask_); }

  // Free bytes from at() on, in one piece. If those are fewer than `wanted` but there is such a
  // piece at the ring's beginning, moves there. May read the reader's cursor.
  uint32_t Room(uint32_t wanted) {
    const uint64_t capacity = mask_ + 1;
    uint64_t to_end = capacity - (tail_ & mask_);
    uint64_t free = capacity - (tail_ - head_seen_);
    if (std::min(free, to_end) < wanted || free < capacity / 2) {
      head_seen_ = cursors_.head.load(std::memory_order_acquire);
      free = capacity - (tail_ - head_seen_);
    }
    // An empty ring is begun anew while its first part is in the cache.
    const bool rewind = free == capacity && (tail_ & mask_) >= kRewindBytes;
    if ((to_end < wanted || rewind) && to_end < capacity && free >= to_end &&
        free - to_end >= wanted) {
      Skip(static_cast<uint32_t>(to_end));
      free -= to_end;
      to_end = capacity;
    }
    return static_cast<uint32_t>(std::min({free, to_end, uint64_t{1} << 30}));
  }

  // The frame at `frame` (from at() on) is complete; it and the gap in front of it are published
  // with the next Publish.
  void Append(std::byte* frame, uint32_t filled_bytes) {
    if (frame != at()) Skip(static_cast<uint32_t>(frame - at()));
    tail_ += filled_bytes;
  }
  // Returns whether there was something to publish.
  bool Publish() {
    if (tail_ == published_) return false;
    cursors_.tail.store(tail_, std::memory_order_release);
    published_ = tail_;
    return true;
  }

 private:
  static constexpr uint64_t kRewindBytes = 64 << 10;

  void Skip(uint32_t bytes) {
    const uint32_t record[2] = {0, bytes};
    std::memcpy(at(), record, sizeof record);
    tail_ += bytes;
  }

  RingCursors<Atomics>& cursors_;
  std::byte* const data_;
  const uint64_t mask_;
  uint64_t tail_;  // with what is not published yet
  uint64_t published_ = tail_;
  uint64_t head_seen_ = cursors_.head.load(std::memory_order_relaxed);
};

// The reader's end. It trusts nothing that it reads but its own cursor. Thread: the reader's.
template <class Atomics = StdAtomics>
class RingReader {
 public:
  enum class Next { kFrame, kEmpty, kCorrupt };

  RingReader(RingCursors<Atomics>& cursors, std::byte* data, uint64_t capacity,
             uint32_t frame_bytes_max)
      : cursors_(cursors),
        data_(data),
        mask_(capacity - 1),
        frame_bytes_max_(frame_bytes_max),
        head_(cursors.head.load(std::memory_order_relaxed)) {}

  // The next frame, in place. It stays until Release.
  Next Take(std::byte** frame, uint32_t* frame_bytes) {
    for (;;) {
      if (head_ == tail_seen_) {
        tail_seen_ = cursors_.tail.load(std::memory_order_acquire);
        if (head_ == tail_seen_) return Next::kEmpty;
        if (tail_seen_ - head_ > mask_ + 1 || (tail_seen_ & 7) != 0) return Next::kCorrupt;
      }
      std::byte* at = data_ + (head_ & mask_);
      uint32_t start[2];  // read once
      std::memcpy(start, at, sizeof start);
      std::atomic_signal_fence(std::memory_order_seq_cst);
      const uint64_t to_end = mask_ + 1 - (head_ & mask_);
      const uint64_t limit = std::min(to_end, tail_seen_ - head_);
      if (start[0] == 0) {
        if (start[1] < kSkipBytes || (start[1] & 7) != 0 || start[1] > limit) return Next::kCorrupt;
        head_ += start[1];
        continue;
      }
      const uint64_t filled = (uint64_t{start[1]} + 7) & ~uint64_t{7};
      if (start[1] < 48 || start[1] > frame_bytes_max_ || filled > limit) return Next::kCorrupt;
      head_ += filled;
      *frame = at;
      *frame_bytes = start[1];
      return Next::kFrame;
    }
  }

  // Everything taken so far may be overwritten. Returns whether that gave the writer room.
  bool Release() {
    if (head_ == released_) return false;
    cursors_.head.store(head_, std::memory_order_release);
    released_ = head_;
    return true;
  }

  // Is there anything behind what was taken?
  bool Empty() { return cursors_.tail.load(std::memory_order_seq_cst) == head_; }

 private:
  RingCursors<Atomics>& cursors_;
  std::byte* const data_;
  const uint64_t mask_;
  const uint32_t frame_bytes_max_;
  uint64_t head_;
  uint64_t released_ = head_;
  uint64_t tail_seen_ = head_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_
