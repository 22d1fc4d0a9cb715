#include "kernel/loop/block_pool.h"

#include <new>

namespace jackfield {
namespace {
constexpr std::align_val_t kAlignment{64};
}

BlockPool::~BlockPool() {
  for (uint8_t i = 0; i < kClasses; ++i) {
    while (free_[i] != nullptr)
      ::operator delete(std::exchange(free_[i], free_[i]->next), kAlignment);
  }
}

std::byte* BlockPool::Make(uint8_t size_class) {
  for (const uint8_t smallest : {2, 0}) {
    if (total_bytes_ + kSizes[size_class] > bytes_max()) Trim(smallest);
  }
  void* memory = ::operator new(kSizes[size_class], kAlignment, std::nothrow);
  if (memory == nullptr) {  // what lies here unused may be all that the system has
    Trim(0);
    memory = ::operator new(kSizes[size_class], kAlignment, std::nothrow);
  }
  if (memory == nullptr) return nullptr;
  total_bytes_ += kSizes[size_class];
  return static_cast<std::byte*>(memory);
}

void BlockPool::Trim(uint8_t smallest) {
  for (uint8_t i = smallest; i < kClasses; ++i) {
    while (free_[i] != nullptr) {
      ::operator delete(std::exchange(free_[i], free_[i]->next), kAlignment);
      free_bytes_ -= kSizes[i];
      total_bytes_ -= kSizes[i];
    }
  }
}

}  // namespace jackfield
