// Message memory of one node: blocks of a few sizes, kept for reuse, never more than a budget in
// all. Each block is charged to an account (memory_account.h says who may have how much).
//
// Thread: the node's. Owns: every free block. A Block returns to its pool when it is destroyed, so
// it must not outlive the node.
#ifndef JACKFIELD_KERNEL_LOOP_BLOCK_POOL_H_
#define JACKFIELD_KERNEL_LOOP_BLOCK_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "kernel/loop/memory_account.h"

namespace jackfield {

class BlockPool;

// Move-only. Empty when default-made or moved from. data() is aligned to 64.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept
      : account_(other.account_),
        data_(std::exchange(other.data_, nullptr)),
        class_(other.class_) {}
  Block& operator=(Block&& other) noexcept {
    if (this != &other) {
      Reset();
      account_ = other.account_;
      data_ = std::exchange(other.data_, nullptr);
      class_ = other.class_;
    }
    return *this;
  }
  ~Block() { Reset(); }
  inline void Reset();

  explicit operator bool() const { return data_ != nullptr; }
  std::byte* data() const { return data_; }
  inline uint32_t size() const;

 private:
  friend class BlockPool;
  friend class MemoryAccount;
  Block(MemoryAccount* account, std::byte* data, uint8_t size_class)
      : account_(account), data_(data), class_(size_class) {}

  MemoryAccount* account_ = nullptr;
  std::byte* data_ = nullptr;
  uint8_t class_ = 0;
};

class BlockPool {
 public:
  static constexpr uint32_t kSizes[] = {
      512,      640,       1 << 10, 2 << 10,          4 << 10,          16 << 10,
      64 << 10, 256 << 10, 1 << 20, (4 << 20) + 4096, (16 << 20) + 4096};
  static constexpr uint8_t kClasses = std::size(kSizes);
  static constexpr uint32_t kBlockBytesMax = kSizes[kClasses - 1];

  // bytes_max: of all blocks, in use and free. owner: the node's name, for notices.
  explicit BlockPool(uint64_t bytes_max, std::string_view owner = "this node")
      : budget_(*this, bytes_max, owner) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;

  // As MemoryAccount::Get of the node's own account.
  Block Get(uint32_t bytes);
  MemoryBudget& budget() { return budget_; }
  operator MemoryAccount&() { return budget_.own(); }  // who has no link takes from there

  uint64_t bytes_in_use() const { return total_bytes_ - free_bytes_; }
  uint64_t bytes_max() const { return budget_.bytes_max(); }
  // The size of the block that holds so many bytes. Requires: bytes ≤ kBlockBytesMax.
  static uint32_t SizeFor(uint32_t bytes) {
    uint8_t size_class = 0;
    while (bytes > kSizes[size_class]) ++size_class;
    return kSizes[size_class];
  }

 private:
  friend class Block;
  friend class MemoryAccount;
  struct Free {
    Free* next;
  };
  std::byte* Take(uint8_t size_class) {
    Free* block = free_[size_class];
    if (block == nullptr) return Make(size_class);
    free_[size_class] = block->next;
    free_bytes_ -= kSizes[size_class];
    return reinterpret_cast<std::byte*>(block);
  }
  std::byte* Make(uint8_t size_class);
  void Trim(uint8_t smallest);  // gives the free blocks from that size on back to the system
  void Put(std::byte* data, uint8_t size_class) {
    auto* block = reinterpret_cast<Free*>(data);
    block->next = free_[size_class];
    free_[size_class] = block;
    free_bytes_ += kSizes[size_class];
    budget_.NoteReturn();
  }

  MemoryBudget budget_;
  uint64_t total_bytes_ = 0;
  uint64_t free_bytes_ = 0;
  std::array<Free*, kClasses> free_{};
};

inline Block MemoryAccount::Get(uint32_t bytes) {
  uint8_t size_class = 0;
  while (bytes > BlockPool::kSizes[size_class]) {
    if (++size_class == BlockPool::kClasses) return {};
  }
  const uint32_t size = BlockPool::kSizes[size_class];
  if (!Take(size)) return {};
  std::byte* data = pool_.Take(size_class);
  if (data == nullptr) [[unlikely]] {
    GiveBack(size);
    return {};
  }
  return Block(this, data, size_class);
}

inline Block BlockPool::Get(uint32_t bytes) { return budget_.own().Get(bytes); }

inline void Block::Reset() {
  if (data_ == nullptr) return;
  account_->pool_.Put(std::exchange(data_, nullptr), class_);
  account_->GiveBack(BlockPool::kSizes[class_]);
}

inline uint32_t Block::size() const { return data_ == nullptr ? 0 : BlockPool::kSizes[class_]; }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_BLOCK_POOL_H_
