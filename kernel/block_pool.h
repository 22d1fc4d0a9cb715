// Message memory of one node: blocks of a few sizes, kept for reuse, never more than a budget in
// all.
//
// Thread: the node's. Owns: every free block. A Block returns to its pool when it is destroyed, so
// it must not outlive the node.
#ifndef JACKFIELD_KERNEL_BLOCK_POOL_H_
#define JACKFIELD_KERNEL_BLOCK_POOL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace jackfield {

class BlockPool;

// Move-only. Empty when default-made or moved from. data() is aligned to 64.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept
      : pool_(other.pool_), data_(std::exchange(other.data_, nullptr)), class_(other.class_) {}
  Block& operator=(Block&& other) noexcept {
    if (this != &other) {
      Reset();
      pool_ = other.pool_;
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
  Block(BlockPool* pool, std::byte* data, uint8_t size_class)
      : pool_(pool), data_(data), class_(size_class) {}

  BlockPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  uint8_t class_ = 0;
};

class BlockPool {
 public:
  static constexpr uint32_t kSizes[] = {512,       4 << 10, 16 << 10,         64 << 10,
                                        256 << 10, 1 << 20, (4 << 20) + 4096, (16 << 20) + 4096};
  static constexpr uint8_t kClasses = std::size(kSizes);
  static constexpr uint32_t kBlockBytesMax = kSizes[kClasses - 1];

  // bytes_max: of all blocks, in use and free. Beyond it Get returns an empty Block.
  explicit BlockPool(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;

  // A block of at least `bytes`; empty if bytes > kBlockBytesMax, the budget is used up or memory
  // is.
  Block Get(uint32_t bytes) {
    uint8_t size_class = 0;
    while (bytes > kSizes[size_class]) {
      if (++size_class == kClasses) return {};
    }
    if (Free* block = free_[size_class]) {
      free_[size_class] = block->next;
      free_bytes_ -= kSizes[size_class];
      return Block(this, reinterpret_cast<std::byte*>(block), size_class);
    }
    return Make(size_class);
  }

  uint64_t bytes_in_use() const { return total_bytes_ - free_bytes_; }
  uint64_t bytes_max() const { return bytes_max_; }

 private:
  friend class Block;
  struct Free {
    Free* next;
  };
  Block Make(uint8_t size_class);
  void Trim(uint8_t smallest);  // gives the free blocks from that size on back to the system
  void Put(std::byte* data, uint8_t size_class) {
    auto* block = reinterpret_cast<Free*>(data);
    block->next = free_[size_class];
    free_[size_class] = block;
    free_bytes_ += kSizes[size_class];
  }

  const uint64_t bytes_max_;
  uint64_t total_bytes_ = 0;
  uint64_t free_bytes_ = 0;
  std::array<Free*, kClasses> free_{};
};

inline void Block::Reset() {
  if (data_ != nullptr) pool_->Put(std::exchange(data_, nullptr), class_);
}

inline uint32_t Block::size() const { return data_ == nullptr ? 0 : BlockPool::kSizes[class_]; }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BLOCK_POOL_H_
