#include "kernel/message.h"

#include <unistd.h>

#include <cstring>

namespace jackfield {

MessageView::Fds::~Fds() {
  for (uint8_t i = 0; i < count; ++i) {
    if (fds[i] >= 0) close(fds[i]);
  }
}

std::span<const std::byte> MessageView::extension() const {
  const bool copied = block_ && payload_.data() == block_.data();
  return {copied ? payload_.data() + Align8(static_cast<uint32_t>(payload_.size()))
                 : payload_.data() - extension_bytes_,
          extension_bytes_};
}

bool MessageView::KeepAs(Message& kept, MemoryAccount& memory) {
  if (!Keep(memory)) return false;
  static_cast<MessageView&>(kept) = std::move(*this);
  payload_ = {};
  extension_bytes_ = 0;
  kept_ = false;
  return true;
}

bool MessageView::Keep(MemoryAccount& memory) {
  if (kept_) return true;
  if (stealable_ != nullptr && *stealable_) {
    block_ = std::move(*stealable_);
  } else if (!payload_.empty() || extension_bytes_ != 0) {
    return Copy(memory);
  }
  stealable_ = nullptr;
  kept_ = true;
  return true;
}

// Into a block of its own, the payload in front, where the block's alignment is.
bool MessageView::Copy(MemoryAccount& memory) {
  const std::span<const std::byte> extension = this->extension();
  const uint32_t extension_at = Align8(static_cast<uint32_t>(payload_.size()));
  Block block = memory.Get(extension_at + extension_bytes_);
  if (!block) return false;
  if (!payload_.empty()) std::memcpy(block.data(), payload_.data(), payload_.size());
  if (!extension.empty())
    std::memcpy(block.data() + extension_at, extension.data(), extension.size());
  payload_ = {block.data(), payload_.size()};
  block_ = std::move(block);
  stealable_ = nullptr;
  kept_ = true;
  return true;
}

int MessageView::TakeFd(size_t i) {
  if (fds_ == nullptr || i >= fds_->count) return -1;
  return std::exchange(fds_->fds[i], -1);
}

}  // namespace jackfield
