// The frames of one direction of a link, oldest first: where each lies, not its bytes.
//
// A few places lie in the queue itself, so that a call and its answer need no memory for them. Who
// wants more gives it a block, and has kDepthFrames of them until the queue rests.
//
// Thread: the node's. Ownership: of the places; the frames are their link's.
#ifndef JACKFIELD_KERNEL_FRAME_QUEUE_H_
#define JACKFIELD_KERNEL_FRAME_QUEUE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/frame.h"
#include "kernel/loop/block_pool.h"

namespace jackfield {

// A frame in a queue: whole, at a multiple of 8.
struct FrameRef {
  std::byte* data = nullptr;
  uint32_t bytes = 0;  // frame_bytes, without the filling
};

class FrameQueue {
 public:
  static constexpr uint32_t kDepthFrames = 1024;
  static constexpr uint32_t kOwnFrames = 8;  // places without a block
  static constexpr uint32_t kBlockBytes = kDepthFrames * sizeof(FrameRef);

  FrameQueue() = default;
  FrameQueue(const FrameQueue&) = delete;

  bool empty() const { return head_ == tail_; }
  uint32_t frames() const { return tail_ - head_; }
  // Indices of the oldest frame and of the next to come; they wrap.
  uint32_t head() const { return head_; }
  uint32_t tail() const { return tail_; }
  uint32_t room() const { return mask_ + 1 - frames(); }
  bool has_block() const { return mask_ != kOwnFrames - 1; }

  FrameRef& At(uint32_t ahead) { return places_[(head_ + ahead) & mask_]; }
  const FrameRef& At(uint32_t ahead) const { return places_[(head_ + ahead) & mask_]; }
  void Push(FrameRef frame) { places_[tail_++ & mask_] = frame; }  // requires: room() > 0
  void Pop(uint32_t frames) { head_ += frames; }

  // Requires: !has_block(), and a block of kBlockBytes.
  void Grow(Block block) {
    auto* larger = reinterpret_cast<FrameRef*>(block.data());
    for (uint32_t at = head_; at != tail_; ++at)
      larger[at % kDepthFrames] = places_[at % kOwnFrames];
    Use(larger, kDepthFrames);
    block_ = std::move(block);
  }
  // Gives the block back if the queue is empty.
  void Rest() {
    if (!empty() || !has_block()) return;
    Use(own_.data(), kOwnFrames);
    block_.Reset();
  }

 private:
  void Use(FrameRef* places, uint32_t count) {
    places_ = places;
    mask_ = count - 1;
  }

  FrameRef* places_ = own_.data();
  uint32_t mask_ = kOwnFrames - 1;
  uint32_t head_ = 0, tail_ = 0;
  Block block_;
  std::array<FrameRef, kOwnFrames> own_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_FRAME_QUEUE_H_
