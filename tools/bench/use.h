// What a side used up: CPU time, waiting for a CPU, memory allocations, system calls; and whether
// others used so much of its CPU that what was measured says little.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_BENCH_USE_H_
#define JACKFIELD_TOOLS_BENCH_USE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>

namespace jackfield::bench {

// Lives in shared memory: plain, and all zero at first.
struct SideUse {
  int64_t cpu_ns = 0;
  int64_t waited_ns = 0;      // able to run, and not on a CPU
  uint64_t runs = 0;          // how often it was put on one; 0: the system does not tell
  uint64_t allocations = 0;   // by operator new (allocations.h)
  uint64_t system_calls = 0;  // where they are counted (system_calls.h)

  void Add(const SideUse& other) {
    cpu_ns += other.cpu_ns;
    waited_ns += other.waited_ns;
    runs += other.runs;
    allocations += other.allocations;
    system_calls += other.system_calls;
  }
};
SideUse operator-(const SideUse& after, const SideUse& before);

// waited_ns and runs so far of a thread, or of a process's first thread: /proc/TID/schedstat.
SideUse ReadWaits(pid_t tid);

// Between a thread's waking and its running lies some work of the system's: so much a time is no
// sign of others.
inline constexpr int64_t kWakeNs = 2000;
// A measurement is noisy if others had a side's CPU for more than this share of the time.
inline constexpr double kNoiseShareMost = 0.01;

// The share of used_ns in which others had the CPU of a side that could have run: of the worse
// side. On one CPU the sides wait for each other, which is no noise: there it is what neither of
// them used, if they waited so long. Nothing: the system does not tell. Requires: two sides.
std::optional<double> NoiseOf(std::span<const SideUse> sides, int64_t used_ns, bool one_cpu);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_USE_H_
