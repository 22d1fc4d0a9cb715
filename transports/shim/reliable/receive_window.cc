#include "transports/shim/reliable/receive_window.h"

#include <cstring>

#include "transports/shim/reliable/packet.h"

namespace jackfield {

ReceiveWindow::Taken ReceiveWindow::Take(uint32_t number, std::span<const std::byte> segment) {
  if (number == 0) return Taken::kNoRoom;  // no segment has it
  if (After(next_, number)) return Taken::kRepeat;
  if (number - next_ >= room()) return Taken::kNoRoom;
  if (!slots_.Hold(memory_)) return Taken::kNoRoom;
  Held& held = slots_[number];
  if (held.bytes != 0) return Taken::kRepeat;
  held.block = memory_.Get(static_cast<uint32_t>(segment.size()));
  if (!held.block) return Taken::kNoRoom;
  std::memcpy(held.block.data(), segment.data(), segment.size());
  held.bytes = static_cast<uint32_t>(segment.size());
  ++beyond_;
  while (slots_[next_].bytes != 0 && room() > 0) {
    Advance(next_);
    --beyond_;
  }
  return Taken::kYes;
}

void ReceiveWindow::Deliver(Link& link) {
  while (cut_ != next_ && link.rx_room() > 0) {
    Held& held = slots_[cut_];
    const std::span<std::byte> segment(held.block.data(), held.bytes);
    const bool alone = Align8(PeekFrameBytes(held.block.data())) == held.bytes;
    cut_at_ = EachFrame(segment, cut_at_, [&](std::byte* data, uint32_t bytes) {
      if (link.rx_room() == 0) return false;
      link.PushRx({data, bytes}, alone ? &held.block : nullptr);
      return true;
    });
    if (cut_at_ < held.bytes) return;
    cut_at_ = 0;
    Advance(cut_);
  }
}

void ReceiveWindow::FreeDelivered() {
  while (free_ != cut_) {
    slots_[free_].block.Reset();
    slots_[free_].bytes = 0;
    Advance(free_);
  }
}

}  // namespace jackfield
