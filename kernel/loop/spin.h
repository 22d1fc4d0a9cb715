// How long a node looks for work before it sleeps: learned from how long recent waits lasted.
//
// Waking a sleeping CPU costs far more than any system call (docs/benchmarks.md: a round trip of
// some 50 µs, not 5), so a wait that is likely to be short is spent awake. Each spin that did
// not help makes the next less likely: the peer is slow, or cannot run while this node does (one
// CPU, more runnable threads than CPUs). So the worst case is a probe now and then.
#ifndef JACKFIELD_KERNEL_LOOP_SPIN_H_
#define JACKFIELD_KERNEL_LOOP_SPIN_H_

#include <algorithm>
#include <cstdint>

namespace jackfield {

class Spin {
 public:
  static constexpr int64_t kLearned = -1;
  static constexpr int64_t kAlways = INT64_MAX;
  static constexpr int64_t kSpinNsMin = 20'000;  // of a learned spin
  static constexpr int64_t kSpinNsMax = 60'000;
  // A probe must outlast the waking of a peer that sleeps, or two sleepers never find out that both
  // could be awake.
  static constexpr int64_t kProbeNs = 400'000;
  static constexpr int64_t kProbeWaitNsMax =
      1'000'000;  // no probe while waits last longer than this on average
  static constexpr uint32_t kProbeEveryMin = 16;  // waits between two probes; doubles as they fail
  static constexpr uint32_t kProbeEveryMax = 16'384;

  // fixed_ns: kLearned, kAlways, or the time to spin; 0 never does.
  // may_spin: false on a machine with one CPU: whoever it waits for needs it.
  Spin(int64_t fixed_ns, bool may_spin) : fixed_ns_(fixed_ns), may_spin_(may_spin) {}

  // How long to spin in the wait that begins now.
  int64_t BudgetNs() {
    if (fixed_ns_ != kLearned) return fixed_ns_;
    if (!may_spin_) return 0;
    if (misses_ < kMissesMax) return std::clamp(2 * usual_ns_, kSpinNsMin, kSpinNsMax);
    if (usual_wait_ns_ > kProbeWaitNsMax || ++waits_since_probe_ < probe_every_) return 0;
    return kProbeNs;
  }

  // A wait that was given `budget_ns` is over after `waited_ns`.
  // preempted: the thread was taken off its CPU while it spun, so others want the CPU.
  void Ended(int64_t waited_ns, int64_t budget_ns, bool preempted) {
    usual_wait_ns_ += (std::min<int64_t>(waited_ns, 100'000'000) - usual_wait_ns_) / 8;
    if (budget_ns <= 0 || fixed_ns_ != kLearned) return;
    if (waited_ns <= budget_ns && !preempted) {
      usual_ns_ += (waited_ns - usual_ns_) / 8;
      if (misses_ >= kMissesMax) probe_every_ = kProbeEveryMin;
      misses_ = 0;
    } else if (misses_ < kMissesMax) {
      ++misses_;
      waits_since_probe_ = 0;
    } else {
      probe_every_ = std::min(kProbeEveryMax, probe_every_ * 2);
      waits_since_probe_ = 0;
    }
  }

 private:
  static constexpr uint32_t kMissesMax = 4;

  int64_t fixed_ns_;
  bool may_spin_;
  int64_t usual_ns_ = 5'000;       // of waits that spinning met
  int64_t usual_wait_ns_ = 5'000;  // of all
  uint32_t misses_ = 0;
  uint32_t waits_since_probe_ = 0;
  uint32_t probe_every_ = kProbeEveryMin;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_SPIN_H_
