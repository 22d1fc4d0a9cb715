// A timer that sends this thread a signal again and again, whose handler does not restart what it
// breaks off (no SA_RESTART): what a profiler does, at its worst (FAULTS E1, E12).
//
// Thread: the one that makes it is the one it floods, and destroys it. One in each thread at most.
#ifndef JACKFIELD_TESTS_FAULTS_SIGNAL_FLOOD_H_
#define JACKFIELD_TESTS_FAULTS_SIGNAL_FLOOD_H_

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace jackfield {

class SignalFlood {
 public:
  explicit SignalFlood(int64_t every_ns) {
    struct sigaction action {};
    action.sa_handler = [](int) { count_.fetch_add(1, std::memory_order_relaxed); };
    sigaction(SIGUSR2, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGUSR2;
    event._sigev_un._tid = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
    running_ = true;
    const itimerspec times{{0, every_ns}, {0, every_ns}};
    timer_settime(timer_, 0, &times, nullptr);
  }
  ~SignalFlood() {
    if (running_) timer_delete(timer_);
  }
  SignalFlood(const SignalFlood&) = delete;

  // Of all floods of this process.
  static uint64_t count() { return count_.load(std::memory_order_relaxed); }

 private:
  static inline std::atomic<uint64_t> count_{0};  // a number to look at: publishes nothing
  timer_t timer_{};
  bool running_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_FAULTS_SIGNAL_FLOOD_H_
