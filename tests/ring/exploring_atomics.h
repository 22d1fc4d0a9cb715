// The policy by which byte_ring.h and lane.h run on a Machine.
#ifndef JACKFIELD_TESTS_RING_EXPLORING_ATOMICS_H_
#define JACKFIELD_TESTS_RING_EXPLORING_ATOMICS_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "tests/ring/machine.h"
#include "transports/engine/ring/byte_ring.h"

namespace jackfield::ring_model {

struct ExploringAtomics {
  template <class T>
  class Atomic {
   public:
    explicit Atomic(T value) : number_(Machine::current->AddWord(value)) {}
    T load(std::memory_order order) const {
      return static_cast<T>(Machine::current->Load(number_, order));
    }
    void store(T value, std::memory_order order) { Machine::current->Store(number_, value, order); }

   private:
    const int number_;
  };

  static void Fence() { Machine::current->Fence(); }

  // The ring's data are the machine's; these bytes only give them addresses.
  static inline std::byte addresses[Machine::kDataWordsMax * 8];
  static uint32_t IndexOf(const std::byte* at) {
    return static_cast<uint32_t>((at - addresses) / 8);
  }
  static RecordStart LoadStart(const std::byte* at) {
    return std::bit_cast<RecordStart>(Machine::current->LoadData(IndexOf(at)));
  }
  static void StoreStart(std::byte* at, RecordStart start) {
    Machine::current->StoreData(IndexOf(at), std::bit_cast<uint64_t>(start));
  }

  static constexpr uint64_t kRewindBytes = 96;
};

}  // namespace jackfield::ring_model

#endif  // JACKFIELD_TESTS_RING_EXPLORING_ATOMICS_H_
