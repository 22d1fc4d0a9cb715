// A received message: its payload and descriptors. MessageView is one that is being delivered: it
// is lent, and can be read, kept, and not moved out. Message is one that its holder owns; it can be
// read wherever a view can. The payload begins at a multiple of 8 (kPayloadAlignment), on every
// medium; who wants more of it (a struct with force_align: 16) asks for that with Align(). Stubs
// do.
//
// Thread: the node's. A Message holds a block of the node's pool, so it must not outlive the node.
#ifndef JACKFIELD_KERNEL_MESSAGE_H_
#define JACKFIELD_KERNEL_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/frame.h"
#include "kernel/loop/block_pool.h"

namespace jackfield {

class Link;

class Message;

class MessageView {
 public:
  MessageView() = default;
  MessageView(const MessageView&) = delete;

  std::span<const std::byte> payload() const { return payload_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(payload_.data()), payload_.size()};
  }
  uint32_t type() const { return type_; }

  // The same as an owned message: takes over the frame's block, or copies; its descriptors go
  // along. This one is empty then. False: no memory in that account, and nothing changed.
  bool KeepAs(Message& kept, MemoryAccount& memory);
  // Makes the payload begin at a multiple of `alignment`, 8 to 64: there already, or copied. It
  // stays so when it is kept later. False: no memory in that account, and nothing changed.
  bool Align(uint32_t alignment, MemoryAccount& memory) {
    return reinterpret_cast<uintptr_t>(payload_.data()) % alignment == 0 || Copy(memory);
  }

  // Descriptors that came along; they are closed with the message unless taken.
  size_t fd_count() const { return fds_ == nullptr ? 0 : fds_->count; }
  // The i-th, now the caller's to close; -1 if there is none or it was taken before.
  int TakeFd(size_t i);

 private:
  friend class Message;
  friend class Port;
  friend class Session;
  friend class ServerCall;
  struct Fds {
    ~Fds();
    uint8_t count = 0;
    std::array<int, kFdsMax> fds;
  };

  MessageView(MessageView&&) noexcept = default;
  MessageView& operator=(MessageView&&) noexcept = default;
  // In front of the payload, as in the frame; behind it in a copy.
  std::span<const std::byte> extension() const;
  bool Keep(MemoryAccount& memory);  // in place
  bool Copy(MemoryAccount& memory);

  std::span<const std::byte> payload_;
  Block* stealable_ = nullptr;  // the block this frame is alone in
  Block block_;
  std::unique_ptr<Fds> fds_;
  uint32_t type_ = 0;
  uint16_t extension_bytes_ = 0;
  bool kept_ = false;
};

class Message final : public MessageView {
 public:
  Message() = default;
  Message(Message&& other) noexcept = default;
  Message& operator=(Message&& other) noexcept = default;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_MESSAGE_H_
