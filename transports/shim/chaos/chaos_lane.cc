#include "transports/shim/chaos/chaos_lane.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/loop/loop.h"

namespace jackfield {

ChaosLane::Taken ChaosLane::Take(const FrameRef& frame, const int* fds, uint8_t fd_count) {
  if (!has_room()) return Taken::kNoRoom;
  // The same number of draws for every frame, so that one knob does not change what the others do.
  // A frame that finds no memory is asked again, and its fate is drawn again.
  const bool cut = random_.Chance(settings_.cut);
  const bool drop = random_.Chance(settings_.drop);
  const bool dup = random_.Chance(settings_.dup);
  const bool reorder = random_.Chance(settings_.reorder);
  const bool corrupt = random_.Chance(settings_.corrupt);
  const bool stall = random_.Chance(settings_.stall);
  const int64_t delay_ns = settings_.delay.Draw(random_);
  if (cut) return Taken::kCut;
  const int64_t now_ns = loop_.clock().NowNs();
  if (stall) stalled_until_ns_ = std::max(stalled_until_ns_, now_ns + settings_.stall_ns);
  if (drop) return Taken::kYes;
  int64_t due_ns = std::max({now_ns + delay_ns, stalled_until_ns_, last_due_ns_});
  if (reorder)
    due_ns += kReorderNs;  // and those behind it do not wait for it
  else
    last_due_ns_ = due_ns;
  if (!Insert(frame, fds, fd_count, due_ns, corrupt)) return Taken::kNoRoom;
  if (dup) Insert(frame, fds, fd_count, due_ns, false);  // without memory there is no duplicate
  return Taken::kYes;
}

bool ChaosLane::Insert(const FrameRef& frame, const int* fds, uint8_t fd_count, int64_t due_ns,
                       bool corrupt) {
  Held held;
  held.block = loop_.blocks().Get(frame.bytes);
  if (!held.block) return false;
  std::memcpy(held.block.data(), frame.data, frame.bytes);
  held.bytes = frame.bytes;
  held.due_ns = due_ns;
  for (uint8_t i = 0; i < fd_count; ++i) {
    // With none to be had the frame goes on short of one, which its receiver sees.
    const int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) held.fds[held.fd_count++] = copy;
  }
  if (corrupt && frame.bytes > spare_bytes_) {
    const uint64_t bit = random_.Below(8 * uint64_t{frame.bytes - spare_bytes_});
    held.block.data()[spare_bytes_ + bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
  const auto place =
      std::upper_bound(held_.begin(), held_.end(), due_ns,
                       [](int64_t due, const Held& other) { return due < other.due_ns; });
  held_.insert(place, std::move(held));
  return true;
}

ChaosLane::Held ChaosLane::PopDue() {
  Held held = std::move(held_.front());
  held_.pop_front();
  return held;
}

int64_t ChaosLane::next_ns() const {
  return held_.empty() ? Timers::kNever : std::max(held_.front().due_ns, stalled_until_ns_);
}

void ChaosLane::Hurry() {
  stalled_until_ns_ = 0;
  for (Held& held : held_) held.due_ns = 0;
}

void ChaosLane::Clear() {
  for (Held& held : held_) {
    for (uint8_t i = 0; i < held.fd_count; ++i) close(held.fds[i]);
  }
  held_.clear();
}

}  // namespace jackfield
