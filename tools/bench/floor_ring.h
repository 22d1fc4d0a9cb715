// The rings of the floor of memory.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

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

  enum class Sleep { kFutex, kEventFd };
  struct Unmap {
    void operator()(Ring* ring) const {
      if (ring->event_fd_ >= 0) close(ring->event_fd_);
      munmap(ring, ring->mapped_bytes_);
    }
  };
  using Owned = std::unique_ptr<Ring, Unmap>;

  // In memory that processes share which are forked later.
  static Owned Make(size_t message_bytes, Sleep sleep) {
    const size_t slot_bytes = (message_bytes + sizeof(Slot) + 63) / 64 * 64;
    const size_t slots = std::bit_ceil(std::clamp<size_t>(kBytes / slot_bytes, 4, 4096));
    const size_t bytes = sizeof(Ring) + slots * slot_bytes;
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) std::abort();  // a few megabytes
    const int event_fd = sleep == Sleep::kEventFd ? eventfd(0, EFD_CLOEXEC) : -1;
    return Owned(new (at) Ring(slot_bytes, slots, bytes, event_fd));
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

  // For the blocking form: the reader sleeps, the writer wakes it if it does.
  void Signal() {
    if (event_fd_ >= 0) {
      eventfd_write(event_fd_, 1);
      return;
    }
    bell_.fetch_add(1, std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_seq_cst) != 0)
      syscall(SYS_futex, &bell_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  const std::byte* WaitPeek(const std::atomic<uint32_t>& stop) {
    while (event_fd_ >= 0) {
      if (const std::byte* message = Peek()) return message;
      if (stop.load(std::memory_order_relaxed) != 0) return nullptr;
      eventfd_t rung;
      eventfd_read(event_fd_, &rung);
    }
    while (true) {
      const uint32_t heard = bell_.load(std::memory_order_seq_cst);
      if (const std::byte* message = Peek()) return message;
      if (stop.load(std::memory_order_relaxed) != 0) return nullptr;
      sleeping_.store(1, std::memory_order_seq_cst);
      syscall(SYS_futex, &bell_, FUTEX_WAIT_PRIVATE, heard, nullptr, nullptr, 0);
      sleeping_.store(0, std::memory_order_seq_cst);
    }
  }

 private:
  struct alignas(8) Slot {
    std::atomic<uint64_t> published{0};  // number of the message in it, counted from 1
  };
  Ring(size_t slot_bytes, size_t slots, size_t mapped_bytes, int event_fd)
      : slot_bytes_(slot_bytes), slots_(slots), mapped_bytes_(mapped_bytes), event_fd_(event_fd) {
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
  const int event_fd_;              // -1: a futex
  alignas(128) uint64_t sent_ = 0;  // the writer's
  uint64_t taken_seen_ = 0;
  alignas(128) uint64_t received_ = 0;  // the reader's
  alignas(128) std::atomic<uint64_t> taken_{0};
  alignas(128) std::atomic<uint32_t> bell_{0};
  std::atomic<uint32_t> sleeping_{0};
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_RING_H_
