// A table of N slots in one block of the node's pool, by numbers that wrap: number n lies in slot
// n % N. It has its memory from the first use until Release: an idle connection holds none.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SLOTS_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SLOTS_H_

#include <cstdint>
#include <memory>

#include "kernel/loop/block_pool.h"

namespace jackfield {

template <class Slot, uint32_t N>
class Slots {
 public:
  static_assert((N & (N - 1)) == 0, "numbers wrap at 2³²");
  ~Slots() { Release(); }

  // Memory for the table, if it has none. False: the pool has none either.
  bool Hold(MemoryAccount& memory) {
    if (block_) return true;
    block_ = memory.Get(N * sizeof(Slot));
    if (block_) std::uninitialized_value_construct_n(slots(), N);
    return static_cast<bool>(block_);
  }
  bool held() const { return static_cast<bool>(block_); }
  void Release() {
    if (block_) std::destroy_n(slots(), N);
    block_.Reset();
  }
  Slot& operator[](uint32_t number) { return slots()[number % N]; }

 private:
  Slot* slots() { return reinterpret_cast<Slot*>(block_.data()); }
  Block block_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SLOTS_H_
