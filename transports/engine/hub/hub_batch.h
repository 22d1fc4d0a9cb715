// The memory that one look at the medium fills: a block of the node's pool, cut into slots of equal
// size, each a HubArrival and room for the largest frame. It lives until every frame in it has been
// taken by the link of its peer.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_BATCH_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_BATCH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "kernel/loop/block_pool.h"
#include "transports/engine/hub/hub_medium.h"

namespace jackfield {

struct HubSlot {
  HubArrival arrival;
  HubBatch* batch = nullptr;
  HubSlot* next = nullptr;  // in its peer's queue
};

class HubBatch {
 public:
  static constexpr uint32_t kSlotsMax = 64;
  static constexpr uint32_t kBytesWanted = 1 << 20;
  static constexpr uint32_t kHeadBytes = (sizeof(HubSlot) + 63) / 64 * 64;

  // nullptr: no memory now.
  static HubBatch* Make(MemoryAccount& memory, uint32_t arrival_bytes_max, uint32_t slots_wanted) {
    // An odd number of cache lines, so that the slots' beginnings do not all fall into one set.
    const uint32_t stride = (kHeadBytes + (arrival_bytes_max + 63) / 64 * 64) | 64;
    const uint32_t slots = std::clamp(kBytesWanted / stride, 1u, std::min(slots_wanted, kSlotsMax));
    Block block = memory.Get(kFrontBytes + slots * stride);
    if (!block) return nullptr;
    std::byte* data = block.data();
    return new (data) HubBatch(std::move(block), stride, slots, arrival_bytes_max);
  }
  void Free() {
    const Block freed = std::move(block_);
    this->~HubBatch();
  }

  // How many may be filled by this look.
  uint32_t slots() const { return std::min(slots_, wanted_); }
  // For the next look. A look that asks for one costs less than one that asks for many and gets
  // one.
  void Want(uint32_t slots) { wanted_ = slots; }
  uint32_t slot_bytes() const { return slot_bytes_; }
  HubSlot& slot(uint32_t i) { return *std::launder(reinterpret_cast<HubSlot*>(At(i))); }
  // Where slot i's bytes may be put: slot_bytes() of them.
  std::byte* data(uint32_t i) { return At(i) + kHeadBytes; }
  // Slot i made anew, for what has just been put at data(i).
  HubArrival& Begin(uint32_t i) {
    auto* slot = new (At(i)) HubSlot;
    slot->batch = this;
    slot->arrival.data = data(i);
    return slot->arrival;
  }

  uint32_t references = 0;  // frames of it that a peer has not finished with

 private:
  static constexpr uint32_t kFrontBytes = 64;
  HubBatch(Block block, uint32_t stride, uint32_t slots, uint32_t slot_bytes)
      : block_(std::move(block)), stride_(stride), slots_(slots), slot_bytes_(slot_bytes) {}
  std::byte* At(uint32_t i) { return block_.data() + kFrontBytes + i * stride_; }

  Block block_;
  const uint32_t stride_, slots_, slot_bytes_;
  uint32_t wanted_ = kSlotsMax;
};
static_assert(sizeof(HubBatch) <= 64);
static_assert(std::is_trivially_destructible_v<HubSlot>);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_BATCH_H_
