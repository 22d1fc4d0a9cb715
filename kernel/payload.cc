#include "kernel/payload.h"

namespace jackfield {

bool FrameSpace::Fits(uint64_t payload_bytes) {
  too_large_ = payload_bytes + prefix_bytes_ > bytes_max_;
  return !too_large_;
}

std::byte* FrameSpace::Claim(uint64_t payload_bytes) {
  if (!Fits(payload_bytes)) return nullptr;
  const uint32_t frame_bytes = prefix_bytes_ + static_cast<uint32_t>(payload_bytes);
  std::byte* frame = nullptr;
  if (link_ != nullptr) {
    frame = link_->Claim(frame_bytes);
  } else {
    block_ = memory_->Get(Align8(frame_bytes));
    frame = block_.data();
  }
  if (frame == nullptr) return nullptr;
  payload_bytes_ = static_cast<uint32_t>(payload_bytes);
  return frame + prefix_bytes_;
}

std::byte* FrameSpace::Grow(uint64_t payload_bytes, uint32_t front, uint32_t back) {
  if (!Fits(payload_bytes)) return nullptr;
  const uint32_t frame_bytes = prefix_bytes_ + static_cast<uint32_t>(payload_bytes);
  if (link_ != nullptr) {
    std::byte* frame = link_->GrowClaim(frame_bytes, prefix_bytes_ + front, back);
    if (frame == nullptr) return nullptr;
    payload_bytes_ = static_cast<uint32_t>(payload_bytes);
    return frame + prefix_bytes_;
  }
  Block larger = memory_->Get(Align8(frame_bytes));
  if (!larger) return nullptr;
  std::byte* to = larger.data() + prefix_bytes_;
  const std::byte* from = block_.data() + prefix_bytes_;
  std::memcpy(to, from, front);
  std::memcpy(to + payload_bytes - back, from + payload_bytes_ - back, back);
  block_ = std::move(larger);
  payload_bytes_ = static_cast<uint32_t>(payload_bytes);
  return to;
}

bool FrameAllocator::MoveIn(std::span<std::byte>* built) {
  std::byte* room = claimed_ ? space_.Grow(built->size(), 0, 0) : space_.Claim(built->size());
  if (room == nullptr) return false;
  std::memcpy(room, built->data(), built->size());
  *built = {room, built->size()};
  return true;
}

FrameAllocator::~FrameAllocator() { delete[] overflow_; }

uint8_t* FrameAllocator::allocate(size_t size) {
  std::byte* room = space_.Claim(size);
  claimed_ = room != nullptr;
  if (claimed_) return reinterpret_cast<uint8_t*>(room);
  return overflow_ = new uint8_t[size];
}

uint8_t* FrameAllocator::reallocate_downward(uint8_t* old, size_t old_size, size_t new_size,
                                             size_t in_use_back, size_t in_use_front) {
  if (!failed()) {
    std::byte* room = space_.Grow(new_size, static_cast<uint32_t>(in_use_front),
                                  static_cast<uint32_t>(in_use_back));
    if (room != nullptr) return reinterpret_cast<uint8_t*>(room);
  }
  auto* larger = new uint8_t[new_size];
  memcpy_downward(old, old_size, larger, new_size, in_use_back, in_use_front);
  delete[] overflow_;
  return overflow_ = larger;
}

}  // namespace jackfield
