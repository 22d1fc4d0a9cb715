#include "tools/bench/allocations.h"

#include <bits/functexcept.h>

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JACKFIELD_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define JACKFIELD_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef JACKFIELD_COUNTS_ALLOCATIONS
#define JACKFIELD_COUNTS_ALLOCATIONS 1
#endif

namespace jackfield::bench {
namespace {

constinit thread_local uint64_t* t_counter = nullptr;

}  // namespace

bool CanCountAllocations() { return JACKFIELD_COUNTS_ALLOCATIONS != 0; }

void CountAllocationsIn(uint64_t* counter) { t_counter = counter; }

#if JACKFIELD_COUNTS_ALLOCATIONS
namespace {

template <class Allocate>
void* Counted(Allocate allocate) {
  if (t_counter != nullptr) ++*t_counter;
  while (true) {
    if (void* const memory = allocate()) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) std::__throw_bad_alloc();  // as the standard library's own
    handler();
  }
}

}  // namespace
#endif

}  // namespace jackfield::bench

#if JACKFIELD_COUNTS_ALLOCATIONS
void* operator new(size_t bytes) {
  return jackfield::bench::Counted([bytes] { return std::malloc(bytes == 0 ? 1 : bytes); });
}

void* operator new(size_t bytes, std::align_val_t alignment) {
  const auto align = static_cast<size_t>(alignment);
  const size_t rounded = (bytes + align - 1) & ~(align - 1);
  return jackfield::bench::Counted(
      [&] { return std::aligned_alloc(align, rounded == 0 ? align : rounded); });
}

// The library's own would do the same; who replaces one half replaces both.
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
#endif
