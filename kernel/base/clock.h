// The time a node goes by: CLOCK_MONOTONIC in production, a number that a test advances in
// simulation.
//
// Thread: a SystemClock may be shared; a ManualClock belongs to the thread of its simulation.
#ifndef JACKFIELD_KERNEL_BASE_CLOCK_H_
#define JACKFIELD_KERNEL_BASE_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace jackfield {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNs() = 0;  // never goes back; its zero means nothing
};

class SystemClock final : public Clock {
 public:
  int64_t NowNs() override {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
  }
};

// A moment so long after `now_ns`; one too far to be said is never (Timers::kNever).
constexpr int64_t AfterNs(int64_t now_ns, int64_t ns) {
  return ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + ns;
}
constexpr int64_t AfterUs(int64_t now_ns, int64_t us) {
  return AfterNs(now_ns, us > INT64_MAX / 1000 ? INT64_MAX : us * 1000);
}

class ManualClock final : public Clock {
 public:
  int64_t NowNs() override { return now_ns_; }
  void AdvanceToNs(int64_t now_ns) {
    if (now_ns > now_ns_) now_ns_ = now_ns;
  }

 private:
  int64_t now_ns_ = 1'000'000'000;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_CLOCK_H_
