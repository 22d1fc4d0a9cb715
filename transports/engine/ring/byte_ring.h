// A ring of frames in memory that two parties share: one writes, one reads, neither ever waits for
// the other.
//
// Frames lie one after another at multiples of 8, each in one piece, exactly as on a stream
// (kernel/frame.h); so a frame is built where it is sent from and read where it arrived. Where a
// frame would not fit before the end, and where the writer leaves a gap, lies a skip record: u32 0,
// u32 bytes (a multiple of 8, itself included). Never more than two lie side by side.
//
// Invariants (positions only grow, from 0; position & mask is the place in the data):
//   1. head ≤ tail ≤ head + capacity.
//   2. The bytes in [head, tail) are whole records; the writer never touches them.
//   3. tail is stored by the writer only (release: publishes the records below it to the reader),
//      head by the reader only (release: gives the bytes below it back to the writer).
//
// Neither end trusts the other. What it reads of the shared memory it reads once, checks, and uses
// its own copy; what breaks an invariant makes the ring corrupt, for good. No value of any shared
// word makes an end loop, or leave the data.
//
// Atomics is a policy: StdAtomics in production; tests/ring explores interleavings with one of its
// own.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace jackfield {

// The first eight bytes of a record: a frame's, or a skip record (first == 0).
struct RecordStart {
  uint32_t first;
  uint32_t bytes;
};

// All that the ring and its lane do with shared memory, apart from the frames' own bytes.
struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
  static void Fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }

  // A record's start, in one load and one store, so that a peer who changes it meanwhile changes
  // nothing. Requires: a multiple of 8.
  using Word [[gnu::may_alias]] = uint64_t;
  static RecordStart LoadStart(const std::byte* at) {
    // The rest of a small record lies in the next cache lines: they come together with this one.
    __builtin_prefetch(at + 64);
    __builtin_prefetch(at + 128);
    return std::bit_cast<RecordStart>(
        __atomic_load_n(reinterpret_cast<const Word*>(at), __ATOMIC_RELAXED));
  }
  static void StoreStart(std::byte* at, RecordStart start) {
    __atomic_store_n(reinterpret_cast<Word*>(at), std::bit_cast<uint64_t>(start), __ATOMIC_RELAXED);
  }

  // An empty ring that has come this far is begun anew, while its first part is in the cache.
  static constexpr uint64_t kRewindBytes = 64 << 10;
};

inline constexpr uint32_t kSkipBytes = 8;
inline constexpr uint32_t kSkipsSideBySideMax = 2;
inline constexpr uint32_t kRecordBytesMin = 48;  // a frame's header

// The writer's end. Thread: the writer's.
template <class Atomics = StdAtomics>
class RingWriter {
 public:
  using Position = typename Atomics::template Atomic<uint64_t>;

  // Requires: `capacity` a power of two; both positions are `begin` (a multiple of 8).
  RingWriter(Position& tail, const Position& head, std::byte* data, uint64_t capacity,
             uint64_t begin = 0)
      : tail_word_(tail), head_word_(head), data_(data), mask_(capacity - 1), tail_(begin) {}

  // Where the next frame goes.
  std::byte* at() const { return data_ + (tail_ & mask_); }

  // Free bytes from at() on, in one piece. If those are fewer than `wanted` but there is such a
  // piece at the ring's beginning, moves there. May read the reader's position. 0 if it is corrupt.
  // Requires: wanted ≤ capacity / 2 (an empty ring has that much, wherever it stands).
  uint32_t Room(uint32_t wanted) {
    const uint64_t capacity = mask_ + 1;
    uint64_t to_end = ToEnd();
    uint64_t free = Free();
    const bool far = (tail_ & mask_) >= Atomics::kRewindBytes;
    const bool idle = std::exchange(tail_at_room_, tail_) == tail_;
    // The reader's position is looked at when room is wanted, each time some more has been written,
    // and while nothing is, to find the ring empty.
    if (std::min(free, to_end) < wanted || tail_ - looked_at_ >= Atomics::kRewindBytes ||
        (idle && far && free != capacity)) {
      if (!LookAtHead()) return 0;
      free = Free();
    }
    const bool rewind = far && free == capacity;
    if ((to_end < wanted || rewind) && FitsAtBeginning(wanted, free)) {
      Skip(static_cast<uint32_t>(to_end));
      free -= to_end;
      to_end = capacity;
    }
    return static_cast<uint32_t>(std::min({free, to_end, uint64_t{1} << 30}));
  }

  // Would Room(wanted) find it now? Looks at the reader's position; moves nothing. True also if the
  // ring is corrupt: then Room is to say so.
  bool HasRoom(uint32_t wanted) {
    if (!LookAtHead()) return true;
    return std::min(Free(), ToEnd()) >= wanted || FitsAtBeginning(wanted, Free());
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
    tail_word_.store(tail_, std::memory_order_release);
    published_ = tail_;
    return true;
  }

  // A gap may be unpublished too: Room leaves one where it moves to the beginning.
  bool all_published() const { return tail_ == published_; }

  // The reader's position was not one that a reader of this ring can have.
  bool corrupt() const { return corrupt_; }

 private:
  uint64_t Free() const { return mask_ + 1 - (tail_ - head_seen_); }
  uint64_t ToEnd() const { return mask_ + 1 - (tail_ & mask_); }
  bool FitsAtBeginning(uint32_t wanted, uint64_t free) const {
    const uint64_t to_end = ToEnd();
    return to_end <= mask_ && free >= to_end && free - to_end >= wanted;
  }

  bool LookAtHead() {
    const uint64_t head = head_word_.load(std::memory_order_acquire);
    // It neither goes back nor past what it was given.
    if (head - head_seen_ > published_ - head_seen_ || (head & 7) != 0) corrupt_ = true;
    if (corrupt_) return false;
    head_seen_ = head;
    looked_at_ = tail_;
    return true;
  }

  void Skip(uint32_t bytes) {
    Atomics::StoreStart(at(), {0, bytes});
    tail_ += bytes;
  }

  Position& tail_word_;
  const Position& head_word_;
  std::byte* const data_;
  const uint64_t mask_;
  uint64_t tail_;  // with what is not published yet
  uint64_t published_ = tail_;
  uint64_t head_seen_ = tail_;
  uint64_t looked_at_ = tail_;     // the position at the last look at the reader's
  uint64_t tail_at_room_ = tail_;  // and at the last Room
  bool corrupt_ = false;
};

// The reader's end. Thread: the reader's.
template <class Atomics = StdAtomics>
class RingReader {
 public:
  using Position = typename Atomics::template Atomic<uint64_t>;
  enum class Next { kFrame, kEmpty, kCorrupt };

  // Requires: as RingWriter.
  RingReader(const Position& tail, Position& head, std::byte* data, uint64_t capacity,
             uint32_t frame_bytes_max, uint64_t begin = 0)
      : tail_word_(tail),
        head_word_(head),
        data_(data),
        mask_(capacity - 1),
        frame_bytes_max_(frame_bytes_max),
        head_(begin) {}

  // The next frame, in place, with frame_bytes in [48, frame_bytes_max]. It stays until Release.
  Next Take(std::byte** frame, uint32_t* frame_bytes) {
    if (corrupt_) return Next::kCorrupt;
    for (;;) {  // ends after kSkipsSideBySideMax rounds
      if (head_ == tail_seen_) {
        const uint64_t tail = tail_word_.load(std::memory_order_acquire);
        if (tail == head_) return Next::kEmpty;
        if (tail - head_ > mask_ + 1 || (tail & 7) != 0) return Corrupt();
        tail_seen_ = tail;
      }
      std::byte* const at = data_ + (head_ & mask_);
      const RecordStart start = Atomics::LoadStart(at);
      const uint64_t to_end = mask_ + 1 - (head_ & mask_);
      const uint64_t limit = std::min(to_end, tail_seen_ - head_);
      if (start.first == 0) {
        if (start.bytes < kSkipBytes || (start.bytes & 7) != 0 || start.bytes > limit ||
            ++skips_ > kSkipsSideBySideMax) {
          return Corrupt();
        }
        head_ += start.bytes;
        continue;
      }
      const uint64_t filled = (uint64_t{start.bytes} + 7) & ~uint64_t{7};
      if (start.bytes < kRecordBytesMin || start.bytes > frame_bytes_max_ || filled > limit) {
        return Corrupt();
      }
      skips_ = 0;
      head_ += filled;
      *frame = at;
      *frame_bytes = start.bytes;
      return Next::kFrame;
    }
  }

  // Has everything been taken that the last look at the writer's position showed?
  bool TakenAllSeen() const { return head_ == tail_seen_; }

  // Everything taken so far may be overwritten. Returns whether that gave the writer room.
  bool Release() {
    if (head_ == released_) return false;
    head_word_.store(head_, std::memory_order_release);
    released_ = head_;
    return true;
  }

  // Is there nothing behind what was taken? Looks at the writer's position.
  bool Empty() const {
    return head_ == tail_seen_ && tail_word_.load(std::memory_order_relaxed) == head_;
  }

 private:
  Next Corrupt() {
    corrupt_ = true;
    return Next::kCorrupt;
  }

  const Position& tail_word_;
  Position& head_word_;
  std::byte* const data_;
  const uint64_t mask_;
  const uint32_t frame_bytes_max_;
  uint64_t head_;
  uint64_t released_ = head_;
  uint64_t tail_seen_ = head_;
  uint32_t skips_ = 0;  // side by side, before head_
  bool corrupt_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_BYTE_RING_H_
