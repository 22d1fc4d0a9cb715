// A received message: its payload and descriptors. Borrowed while it is being delivered, owned
// after Keep(). Its payload begins at a multiple of 8 (kPayloadAlignment), on every medium; who
// wants more of it (a struct with force_align: 16) asks for that with Align(). Stubs do.
//
// Thread: the node's. A kept Message holds a block of the node's pool, so it must not outlive the
// node.
#ifndef JACKFIELD_KERNEL_MESSAGE_H_
#define JACKFIELD_KERNEL_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/loop/block_pool.h"
#include "kernel/frame.h"

namespace jackfield {

class Link;

class Message {
 public:
  Message() = default;
  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;
  ~Message() = default;

  std::span<const std::byte> payload() const { return payload_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(payload_.data()), payload_.size()};
  }
  uint32_t type() const { return type_; }

  // Makes it independent of the delivery: takes over the frame's block, or copies. False: no memory
  // in that account; it stays borrowed.
  bool Keep(MemoryAccount& memory);
  bool kept() const { return kept_; }
  // Makes the payload begin at a multiple of `alignment`, 8 to 64: there already, or copied. It
  // stays so when it is kept later. False: no memory in that account, and nothing changed.
  bool Align(uint32_t alignment, MemoryAccount& memory) {
    return reinterpret_cast<uintptr_t>(payload_.data()) % alignment == 0 || Copy(memory);
  }

  // Descriptors that came along; they are closed with the Message unless taken.
  size_t fd_count() const { return fds_ == nullptr ? 0 : fds_->count; }
  // The i-th, now the caller's to close; -1 if there is none or it was taken before.
  int TakeFd(size_t i);

 private:
  friend class Session;
  friend class ServerCall;
  struct Fds {
    ~Fds();
    uint8_t count = 0;
    std::array<int, kFdsMax> fds;
  };

  bool Copy(MemoryAccount& memory);

  std::span<const std::byte> payload_;
  std::span<const std::byte> extension_;
  Block* stealable_ = nullptr;  // during delivery: the block this frame is alone in
  Block block_;
  std::unique_ptr<Fds> fds_;
  uint32_t type_ = 0;
  bool kept_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_MESSAGE_H_
