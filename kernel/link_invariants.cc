// What is true of a Link between two pieces of work, for tests.
#include "kernel/base/check.h"
#include "kernel/link.h"

namespace jackfield {

absl::Status Link::CheckInvariants() const {
  JF_RULE(tx_.frames() <= kDepthFrames && rx_.frames() <= kDepthFrames,
          "a queue of a link holds at most kDepthFrames");
  JF_RULE(tx_.room() <= kDepthFrames && rx_.room() <= kDepthFrames,
          "a queue of a link holds at most as many frames as it has places");
  JF_RULE(claim_at_ + claimed_bytes_ <= claim_end_, "a claim lies in the memory for claims");
  JF_RULE(tx_given_ <= tx_.frames(), "what a driver was given is in the queue still");
  JF_RULE(!closed_told_ || closed_, "an end is told when it has come");
  JF_RULE(!resting_ || pumping_, "a link rests only inside its pump");

  // The blocks of the queue.
  const TxBlock* newest = nullptr;
  for (const TxBlock* block = tx_oldest_; block != nullptr; newest = block, block = block->next) {
    JF_RULE(newest == nullptr || !After(newest->frames_end, block->frames_end),
            "the blocks of a queue are in the order of its frames");
  }
  JF_RULE(newest == tx_newest_, "the newest block is the last of the chain");
  JF_RULE(newest == nullptr || newest->frames_end == tx_.tail(), "it has the last frame");
  const TxBlock* block = tx_oldest_;
  uint32_t bytes = 0;
  for (uint32_t i = 0; i < tx_.frames(); ++i) {
    const FrameRef& frame = tx_.At(i);
    bytes += Align8(frame.bytes);
    JF_RULE(reinterpret_cast<uintptr_t>(frame.data) % 8 == 0, "a frame lies at a multiple of 8");
    if (provided_) continue;
    while (block != nullptr && !After(block->frames_end, tx_.head() + i)) block = block->next;
    JF_RULE(block != nullptr, "each frame has a block");
    const std::byte* const begin = block->self.data() + kTxBlockHeadBytes;
    JF_RULE(frame.data >= begin &&
                frame.data + Align8(frame.bytes) <= block->self.data() + block->self.size(),
            "a frame lies in its block, behind the head of it");
  }
  JF_RULE(bytes == tx_bytes_, "tx_bytes_ is what the queued frames take");

  if (fd_queues_ == nullptr) return absl::OkStatus();
  const FdQueues& q = *fd_queues_;
  JF_RULE(q.tx_tail - q.tx_head <= kFdFramesMax && q.rx_tail - q.rx_head <= kFdFramesMax,
          "at most kFdFramesMax frames of each direction have descriptors");
  for (uint32_t i = q.tx_head; i != q.tx_tail; ++i) {
    const uint32_t frame = q.tx[i % kFdFramesMax].frame;
    JF_RULE(!After(tx_.head(), frame) && After(tx_.tail(), frame),
            "descriptors that are sent belong to a queued frame");
    JF_RULE(i == q.tx_head || After(frame, q.tx[(i - 1) % kFdFramesMax].frame),
            "descriptors are in the order of their frames");
  }
  return absl::OkStatus();
}

}  // namespace jackfield
