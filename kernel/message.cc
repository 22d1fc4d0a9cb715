#include "kernel/message.h"

#include <unistd.h>

#include <cstring>

namespace jackfield {

MessageView::Fds::~Fds() {
  for (uint8_t i = 0; i < count; ++i) {
    if (fds[i] >= 0) close(fds[i]);
  }
}

bool MessageView::KeepAs(Message& kept, MemoryAccount& memory) {
  if (!Keep(memory)) return false;
  static_cast<MessageView&>(kept) = std::move(*this);
  payload_ = extension_ = {};
  kept_ = false;
  return true;
}

bool MessageView::Keep(MemoryAccount& memory) {
  if (kept_) return true;
  if (stealable_ != nullptr && *stealable_) {
    block_ = std::move(*stealable_);
  } else if (!payload_.empty() || !extension_.empty()) {
    return Copy(memory);
  }
  stealable_ = nullptr;
  kept_ = true;
  return true;
}

// Into a block of its own, the payload in front, where the block's alignment is.
bool MessageView::Copy(MemoryAccount& memory) {
  const uint32_t extension_at = Align8(static_cast<uint32_t>(payload_.size()));
  Block block = memory.Get(extension_at + static_cast<uint32_t>(extension_.size()));
  if (!block) return false;
  if (!payload_.empty()) std::memcpy(block.data(), payload_.data(), payload_.size());
  if (!extension_.empty())
    std::memcpy(block.data() + extension_at, extension_.data(), extension_.size());
  payload_ = {block.data(), payload_.size()};
  extension_ = {block.data() + extension_at, extension_.size()};
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
