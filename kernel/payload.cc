#include "kernel/payload.h"

#include <new>

namespace jackfield {

bool FrameSpace::Fits(uint64_t payload_bytes) {
  too_large_ = payload_bytes + prefix_bytes_ > bytes_max_;
  return !too_large_;
}

std::byte* FrameSpace::Claim(uint64_t payload_bytes) {
  if (!Fits(payload_bytes)) return nullptr;
  const uint32_t frame_bytes = prefix_bytes_ + static_cast<uint32_t>(payload_bytes);
  std::byte* frame = nullptr;
  frame = link_ != nullptr ? link_->Claim(frame_bytes) : ClaimBlock(frame_bytes);
  if (frame == nullptr) return nullptr;
  payload_bytes_ = static_cast<uint32_t>(payload_bytes);
  return frame + prefix_bytes_;
}

std::byte* FrameSpace::ClaimBlock(uint32_t frame_bytes) {
  block_ = memory_->Get(Align8(frame_bytes));
  return block_.data();
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

namespace {

constexpr std::align_val_t kOverflowAlignment{kPayloadAlignmentMax};

// So many bytes more, and the end of `size` bytes from `place` on is a multiple of `alignment`.
uint32_t ToAlignedEnd(const void* place, size_t size, uint32_t alignment) {
  return static_cast<uint32_t>(-(reinterpret_cast<uintptr_t>(place) + size)) & (alignment - 1);
}

}  // namespace

FrameAllocator::~FrameAllocator() {
  if (overflow_ != nullptr) ::operator delete(overflow_, kOverflowAlignment);
}

uint8_t* FrameAllocator::PlaceIn(std::byte* room, size_t size) {
  skipped_ = ToAlignedEnd(room, size, slack_ + kPayloadAlignment);
  return reinterpret_cast<uint8_t*>(room) + skipped_;
}

uint8_t* FrameAllocator::Overflow(size_t size) {
  auto* memory =
      static_cast<uint8_t*>(::operator new(size + kPayloadAlignmentMax, kOverflowAlignment));
  overflow_ = memory;
  return memory + ToAlignedEnd(memory, size, kPayloadAlignmentMax);
}

uint8_t* FrameAllocator::allocate(size_t size) {
  std::byte* room = space_.Claim(size + slack_);
  claimed_ = room != nullptr;
  if (!claimed_) return Overflow(size);
  return slack_ == 0 ? reinterpret_cast<uint8_t*>(room) : PlaceIn(room, size);
}

uint8_t* FrameAllocator::reallocate_downward(uint8_t* old, size_t old_size, size_t new_size,
                                             size_t in_use_back, size_t in_use_front) {
  if (!failed()) {
    const uint32_t skipped = skipped_;
    std::byte* room = space_.Grow(new_size + slack_, skipped + static_cast<uint32_t>(in_use_front),
                                  slack_ - skipped + static_cast<uint32_t>(in_use_back));
    if (room != nullptr) {
      // Both parts lie as far from the room's ends as before, which need not be their places.
      uint8_t* to = PlaceIn(room, new_size);
      if (skipped_ == skipped) return to;
      uint8_t* from = reinterpret_cast<uint8_t*>(room) + skipped;
      const auto move_front = [&] { std::memmove(to, from, in_use_front); };
      if (to < from) move_front();
      std::memmove(to + new_size - in_use_back, from + new_size - in_use_back, in_use_back);
      if (to > from) move_front();
      return to;
    }
  }
  uint8_t* before = std::exchange(overflow_, nullptr);
  uint8_t* larger = Overflow(new_size);
  memcpy_downward(old, old_size, larger, new_size, in_use_back, in_use_front);
  if (before != nullptr) ::operator delete(before, kOverflowAlignment);
  return larger;
}

}  // namespace jackfield
