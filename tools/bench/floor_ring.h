// The rings of the floor of memory.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace jackfield::bench {

// One writer, one reader. A slot carries the number of the message in it, so that both share just
// the slot's own cache lines while the ring is neither full nor empty.
class Ring {
 public:
  static constexpr size_t kBytes = 256 << 10;

  struct Unmap {
    void operator()(Ring* ring) const { munmap(ring, ring->mapped_bytes_); }
  };
  using Owned = std::unique_ptr<Ring, Unmap>;

  // In memory that processes share which are forked later. nullptr: there is none.
  static Owned Make(size_t message_bytes) {
    const size_t slot_bytes = (message_bytes + sizeof(Slot) + 63) / 64 * 64;
    const size_t slots = std::bit_ceil(std::clamp<size_t>(kBytes / slot_bytes, 4, 4096));
    const size_t bytes = sizeof(Ring) + slots * slot_bytes;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    return Owned(new (at) Ring(slot_bytes, slots, bytes));
  }

  // Room for the next message; nullptr: the ring is full.
  std::byte* Claim() {
    if (sent_ - taken_seen_ == slots_) {
      taken_seen_ = taken_.load(std::memory_order_acquire);
      if (sent_ - taken_seen_ == slots_) return nullptr;
    }
    return PayloadOf(SlotOf(sent_));
  }
  void Publish() {
    Slot& slot = SlotOf(sent_);
    slot.published.store(++sent_, std::memory_order_release);  // the message, to the reader
  }
  // The next message; nullptr: none yet.
  const std::byte* Peek() {
    Slot& slot = SlotOf(received_);
    return slot.published.load(std::memory_order_acquire) == received_ + 1 ? PayloadOf(slot)
                                                                           : nullptr;
  }
  // The writer hears of it each quarter of the ring.
  void Pop() {
    if (++received_ % (slots_ / 4) == 0)
      taken_.store(received_, std::memory_order_release);  // room, to the writer
  }

 private:
  struct alignas(8) Slot {
    std::atomic<uint64_t> published{0};  // number of the message in it, counted from 1
  };
  Ring(size_t slot_bytes, size_t slots, size_t mapped_bytes)
      : slot_bytes_(slot_bytes), slots_(slots), mapped_bytes_(mapped_bytes) {
    for (size_t i = 0; i < slots_; ++i) new (base() + i * slot_bytes_) Slot;
  }
  std::byte* base() { return reinterpret_cast<std::byte*>(this + 1); }
  Slot& SlotOf(uint64_t message) {
    return *reinterpret_cast<Slot*>(base() + message % slots_ * slot_bytes_);
  }
  static std::byte* PayloadOf(Slot& slot) { return reinterpret_cast<std::byte*>(&slot + 1); }

  const size_t slot_bytes_;
  const size_t slots_;
  const size_t mapped_bytes_;
  alignas(128) uint64_t sent_ = 0;  // the writer's
  uint64_t taken_seen_ = 0;
  alignas(128) uint64_t received_ = 0;  // the reader's
  alignas(128) std::atomic<uint64_t> taken_{0};
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_
