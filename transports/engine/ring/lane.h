// A lane: one direction of a ring link, from one writer to one reader; a byte ring, and the words
// by which each end knows when it must wake the other, and when nothing more will come.
//
// Each word is stored by one end only. So each end can have the other's words mapped read-only, and
// what a dying end leaves half done is its own.
//
// Waking loses nothing. Who goes to sleep says so, then looks once more; who stores what the other
// may sleep for, stores, then looks whether the other sleeps. Between the two steps of each lies a
// sequentially consistent fence, so at least one sees the other. What remains is the bell, which
// each scheme brings: it must stay rung until its owner has slept once (an eventfd does). It need
// carry nothing: what it is rung for is behind a fence already.
//
// tests/ring explores these templates over a policy that shows each end every old value that C++
// allows it to see, and kills each end after each of its stores.
//
//   writer's end                                       reader's end
//     Room → build at at() → Append …                    Release → must ring?
//     Publish → must ring?                               Take … → kFrame, kEmpty, kEnd, kCorrupt
//     MayWait → may sleep until there is room?           MaySleep → may sleep until there is more?
//     Close → ring
//
// Thread: each end has its own.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_LANE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_LANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "transports/engine/ring/byte_ring.h"

namespace jackfield {

// Stored by the writer. All zero at the beginning.
template <class Atomics = StdAtomics>
struct LaneWriterWords {
  alignas(128) typename Atomics::template Atomic<uint64_t> tail{0};
  // These change rarely: the other end keeps them in its cache.
  alignas(128) typename Atomics::template Atomic<uint64_t> waits{0};  // odd: it waits for room
  typename Atomics::template Atomic<uint32_t> closed{
      0};  // not 0: no record follows those below tail
};

// Stored by the reader. All zero at the beginning.
template <class Atomics = StdAtomics>
struct LaneReaderWords {
  alignas(128) typename Atomics::template Atomic<uint64_t> head{0};
  alignas(128) typename Atomics::template Atomic<uint64_t> sleeps{0};  // odd: it sleeps
};

// "I sleep", as one end tells it to the other: a count that is odd while it does.
template <class Atomics>
class SleepNotice {
 public:
  using Word = typename Atomics::template Atomic<uint64_t>;

  explicit SleepNotice(Word& word) : word_(word) {}
  // Look for work between this and the sleep.
  void Announce() {
    if ((count_ & 1) == 0) word_.store(++count_, std::memory_order_relaxed);
    Atomics::Fence();
  }
  void Withdraw() {
    if ((count_ & 1) != 0) word_.store(++count_, std::memory_order_relaxed);
  }

 private:
  Word& word_;
  uint64_t count_ = 0;
};

// The other end of a SleepNotice.
template <class Atomics>
class SleepWatch {
 public:
  using Word = typename Atomics::template Atomic<uint64_t>;

  explicit SleepWatch(const Word& word) : word_(word) {}
  // Must it be rung for what has just been stored? Once for each sleep.
  bool MustRing() {
    Atomics::Fence();
    const uint64_t count = word_.load(std::memory_order_relaxed);
    if ((count & 1) == 0 || count == rung_) return false;
    rung_ = count;
    return true;
  }

 private:
  const Word& word_;
  uint64_t rung_ = 0;  // the sleep that was last ended
};

template <class Atomics = StdAtomics>
class LaneWriter {
 public:
  // Requires: as RingWriter.
  LaneWriter(LaneWriterWords<Atomics>& own, const LaneReaderWords<Atomics>& other, std::byte* data,
             uint64_t capacity)
      : own_(own),
        ring_(own.tail, other.head, data, capacity),
        notice_(own.waits),
        watch_(other.sleeps) {}

  std::byte* at() const { return ring_.at(); }
  uint32_t Room(uint32_t wanted) { return ring_.Room(wanted); }
  void Append(std::byte* frame, uint32_t filled_bytes) { ring_.Append(frame, filled_bytes); }
  bool corrupt() const { return ring_.corrupt(); }

  // Returns whether the reader must be rung.
  bool Publish() { return ring_.Publish() && watch_.MustRing(); }

  // May this end sleep until the reader rings because there is room for `wanted`? If not: publish,
  // and look again.
  bool MayWait(uint32_t wanted) {
    if (!ring_.all_published()) return false;  // the reader cannot give back what it does not see
    notice_.Announce();
    if (!ring_.HasRoom(wanted)) return true;
    notice_.Withdraw();
    return false;
  }
  void Awake() { notice_.Withdraw(); }

  // No record follows those appended. Ring then, always.
  void Close() {
    ring_.Publish();
    own_.closed.store(1, std::memory_order_release);
    Atomics::Fence();  // so that who is rung sees it before it sleeps again
  }

 private:
  LaneWriterWords<Atomics>& own_;
  RingWriter<Atomics> ring_;
  SleepNotice<Atomics> notice_;
  SleepWatch<Atomics> watch_;
};

template <class Atomics = StdAtomics>
class LaneReader {
 public:
  enum class Next { kFrame, kEmpty, kEnd, kCorrupt };

  // Requires: as RingReader.
  LaneReader(LaneReaderWords<Atomics>& own, const LaneWriterWords<Atomics>& other, std::byte* data,
             uint64_t capacity, uint32_t frame_bytes_max)
      : other_(other),
        ring_(other.tail, own.head, data, capacity, frame_bytes_max),
        notice_(own.sleeps),
        watch_(other.waits) {}

  // The next frame, as RingReader::Take. kEnd: there will be none.
  Next Take(std::byte** frame, uint32_t* frame_bytes) {
    Next next = TakeFromRing(frame, frame_bytes);
    if (next != Next::kEmpty) return next;
    if (!ended_) {
      ended_ = other_.closed.load(std::memory_order_acquire) != 0;
      if (!ended_) return Next::kEmpty;
      next = TakeFromRing(frame, frame_bytes);  // published before it closed, after the first look
      if (next != Next::kEmpty) return next;
    }
    return Next::kEnd;
  }
  // Is all taken that was there at the last look? Then what is taken is served before another one.
  bool TakenAllSeen() const { return ring_.TakenAllSeen(); }
  // The writer is dead, by the word of the operating system. What it published still comes.
  void WriterGone() { ended_ = true; }

  // Is there nothing to be had by Take, but perhaps what WriterGone would bring? Two looks at
  // memory.
  bool Idle() const { return ring_.Empty() && other_.closed.load(std::memory_order_relaxed) == 0; }

  // Gives back what was taken. Returns whether the writer must be rung.
  bool Release() { return ring_.Release() && watch_.MustRing(); }

  // May this end sleep until the writer rings because there is more? If not: look again.
  bool MaySleep() {
    notice_.Announce();
    if (!ended_ && Idle()) return true;
    notice_.Withdraw();
    return false;
  }
  void Awake() { notice_.Withdraw(); }

 private:
  Next TakeFromRing(std::byte** frame, uint32_t* frame_bytes) {
    switch (ring_.Take(frame, frame_bytes)) {
      case RingReader<Atomics>::Next::kFrame:
        return Next::kFrame;
      case RingReader<Atomics>::Next::kEmpty:
        return Next::kEmpty;
      default:
        return Next::kCorrupt;
    }
  }

  const LaneWriterWords<Atomics>& other_;
  RingReader<Atomics> ring_;
  SleepNotice<Atomics> notice_;
  SleepWatch<Atomics> watch_;
  bool ended_ = false;  // known before the last look at the ring
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_LANE_H_
