// Timers of one node: a binary heap of pointers to timers that their users own.
//
// Thread: the node's. A Timer must be idle or cancelled before it is destroyed.
#ifndef JACKFIELD_KERNEL_LOOP_TIMERS_H_
#define JACKFIELD_KERNEL_LOOP_TIMERS_H_

#include <cstdint>
#include <vector>

namespace jackfield {

class Timer {
 public:
  using Fire = void (*)(Timer& timer);
  Timer(Fire fire, void* who) : fire_(fire), user(who) {}
  Timer(const Timer&) = delete;

  bool armed() const { return place_ != kIdle; }
  int64_t due_ns() const { return due_ns_; }

 private:
  friend class Timers;
  static constexpr uint32_t kIdle = 0xffffffff;
  const Fire fire_;
  int64_t due_ns_ = 0;
  uint32_t place_ = kIdle;

 public:
  void* const user;
};

class Timers {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  Timers() { heap_.reserve(256); }

  // Arms, or moves, `timer`. It fires at `due_ns` of the node's clock or soon after; if a timer
  // arms it (perhaps itself), in a later turn.
  void Arm(Timer& timer, int64_t due_ns);
  void Cancel(Timer& timer);

  int64_t next_ns() const { return heap_.empty() ? kNever : heap_[0]->due_ns_; }
  // Fires what is due, in order, at most `max`, so that input is not starved. Returns how many.
  int FireDue(int64_t now_ns, int max);

 private:
  void Place(Timer* timer, uint32_t place) {
    heap_[place] = timer;
    timer->place_ = place;
  }
  void Up(uint32_t place);
  void Down(uint32_t place);

  std::vector<Timer*> heap_;
  int64_t fired_until_ns_ = INT64_MIN;  // by the FireDue under way
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_TIMERS_H_
