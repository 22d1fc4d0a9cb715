#include "kernel/message.h"

#include <unistd.h>

#include <cstring>

namespace jackfield {

Message::Fds::~Fds() {
  for (uint8_t i = 0; i < count; ++i) {
    if (fds[i] >= 0) close(fds[i]);
  }
}

bool Message::Keep(MemoryAccount& memory) {
  if (kept_) return true;
  if (stealable_ != nullptr && *stealable_) {
    block_ = std::move(*stealable_);
  } else if (!payload_.empty() || !extension_.empty()) {
    const auto bytes = static_cast<uint32_t>(payload_.size() + extension_.size());
    block_ = memory.Get(bytes);
    if (!block_) return false;
    std::byte* at = block_.data();
    if (!extension_.empty()) std::memcpy(at, extension_.data(), extension_.size());
    extension_ = {at, extension_.size()};
    at += extension_.size();
    if (!payload_.empty()) std::memcpy(at, payload_.data(), payload_.size());
    payload_ = {at, payload_.size()};
  }
  stealable_ = nullptr;
  kept_ = true;
  return true;
}

int Message::TakeFd(size_t i) {
  if (fds_ == nullptr || i >= fds_->count) return -1;
  return std::exchange(fds_->fds[i], -1);
}

}  // namespace jackfield
