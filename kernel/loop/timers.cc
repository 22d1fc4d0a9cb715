#include "kernel/loop/timers.h"

#include <algorithm>

namespace jackfield {

void Timers::Arm(Timer& timer, int64_t due_ns) {
  due_ns = std::max(due_ns, fired_until_ns_);
  if (timer.armed()) {
    const bool earlier = due_ns < timer.due_ns_;
    timer.due_ns_ = due_ns;
    earlier ? Up(timer.place_) : Down(timer.place_);
    return;
  }
  timer.due_ns_ = due_ns;
  heap_.push_back(&timer);
  timer.place_ = static_cast<uint32_t>(heap_.size() - 1);
  Up(timer.place_);
}

void Timers::Cancel(Timer& timer) {
  if (!timer.armed()) return;
  const uint32_t place = timer.place_;
  timer.place_ = Timer::kIdle;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  Place(last, place);
  Up(place);
  Down(last->place_);
}

int Timers::FireDue(int64_t now_ns, int max) {
  int fired = 0;
  fired_until_ns_ = now_ns + 1;
  while (fired < max && !heap_.empty() && heap_[0]->due_ns_ <= now_ns) {
    Timer& timer = *heap_[0];
    Cancel(timer);
    timer.fire_(timer);
    ++fired;
  }
  fired_until_ns_ = INT64_MIN;
  return fired;
}

void Timers::Up(uint32_t place) {
  Timer* timer = heap_[place];
  while (place > 0 && timer->due_ns_ < heap_[(place - 1) / 2]->due_ns_) {
    Place(heap_[(place - 1) / 2], place);
    place = (place - 1) / 2;
  }
  Place(timer, place);
}

void Timers::Down(uint32_t place) {
  Timer* timer = heap_[place];
  const auto size = static_cast<uint32_t>(heap_.size());
  for (uint32_t child; (child = 2 * place + 1) < size; place = child) {
    if (child + 1 < size && heap_[child + 1]->due_ns_ < heap_[child]->due_ns_) ++child;
    if (timer->due_ns_ <= heap_[child]->due_ns_) break;
    Place(heap_[child], place);
  }
  Place(timer, place);
}

}  // namespace jackfield
