// One measurement: two processes (or, where a medium joins only threads, two threads of one
// process) that a third starts, watches and reaps (children.h). The starter never makes a node
// itself, so each measurement begins from nothing.
//
// What the two sides tell comes back in a Run, in memory that all three share.
//
// However a measurement ends, no process of it is left: the starter asks (SIGTERM), waits, and
// kills who does not hear. If it is killed itself the system asks in its place.
#ifndef JACKFIELD_TOOLS_BENCH_RUN_H_
#define JACKFIELD_TOOLS_BENCH_RUN_H_

#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "tools/bench/options.h"
#include "tools/bench/use.h"
#include "tools/figures/histogram.h"

namespace jackfield::bench {

using figures::Histogram;

int64_t NowNs();  // CLOCK_MONOTONIC

enum class Side { kServer = 0, kClient = 1 };
std::string_view Name(Side side);

// Lives in shared memory: plain, and all zero at first.
struct Run {
  // What a measurement found. Written by the client's side.
  Histogram latency;       // empty in mode throughput
  uint64_t count = 0;      // calls, or messages that the receiver counted
  int64_t elapsed_ns = 0;  // in which they were
  int64_t begin_ns = 0;    // when the warm-up was over; 0: it is not

  // What the sides used, for use_count calls or messages in used_ns (in mode throughput: in all of
  // the time). By Side.
  SideUse use[2];
  uint64_t use_count = 0;
  int64_t used_ns = 0;
  // Of each side so far; a cache line each, for both write while they are measured.
  struct alignas(64) Counter {
    uint64_t count = 0;
  };
  Counter allocations[2];

  // Who counts system calls counts those that are made while this is set.
  std::atomic<uint32_t> counting = 0;
  uint64_t system_calls = 0;

  int processes[2] = {};  // of its sides, for whoever removes what they left; 0: none

  // For the floors of memory rings and for errors.
  std::atomic<uint32_t> stop = 0;
  std::atomic<uint32_t> failed = 0;  // 1 + side, of who failed first
  char error[2][512] = {};

  double PerSecond() const {
    return elapsed_ns == 0 ? 0 : static_cast<double>(count) * 1e9 / static_cast<double>(elapsed_ns);
  }
  // What there is of a run that was stopped: whether there is anything. Requires: no side runs.
  bool Salvage();
};

// What a side knows of its surroundings.
class Context {
 public:
  // Until it is destroyed the allocations of this thread are that side's.
  Context(Run& run, Side side, const Options& options);
  ~Context();
  Context(const Context&) = delete;

  // Binds this thread as --pin says.
  void PinThread() const;
  // Used so far.
  SideUse Used(Side of) const;
  std::array<SideUse, 2> UsedByBoth() const { return {Used(Side::kServer), Used(Side::kClient)}; }

  Run& run;
  const Side side;
  const Options& options;
  // Of both, by Side; its own unless the starter knows better.
  clockid_t cpu_clock[2] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID};
  pid_t tid[2];
};

// The time a measurement takes: first a warm-up that does not count, then --seconds. The client
// asks once a call.
class Window {
 public:
  explicit Window(Context& context);
  // Call with the present time before each unit of work. Becomes true, once, when the warm-up is
  // over: forget what was counted until then.
  bool Begins(int64_t now_ns) {
    if (begun_ || now_ns < warm_until_ns_) return false;
    Begin(now_ns);
    return true;
  }
  bool Over(int64_t now_ns) const { return now_ns >= end_ns_; }
  bool begun() const { return begun_; }
  int64_t warm_ns() const { return warm_ns_; }
  // Fills count, elapsed and use of the run.
  void End(uint64_t count);

 private:
  void Begin(int64_t now_ns);
  Context& context_;
  int64_t warm_ns_, warm_until_ns_, end_ns_ = INT64_MAX, begin_ns_ = 0;
  std::array<SideUse, 2> used_;
  bool begun_ = false;
};

// The code of one side. An error ends the run.
using SideFunction = std::function<absl::Status(Context&)>;

struct Sides {
  SideFunction server, client;
  std::function<void()> close_all = {};        // descriptors made for both: the starter's copies
  std::function<void(Side)> close_other = {};  // what only the other side needs; in each process
};

// What else a run is for: to count system calls, which makes its times worthless.
enum class Counting { kNo, kSystemCalls };

// How much longer than twice --seconds a run may take before it counts as stuck; generous, for
// machines under load.
inline constexpr int64_t kWatchdogNs = 20'000'000'000;

// Runs both sides to their end and fills `run`. Ends them when they take much longer than they
// should, and when one has failed. Errors: what a side said; those of Children::Await, and of
// AwaitAndCount where system calls are counted. Blocks: for a little more than --seconds.
absl::Status RunProcesses(const Options& options, const Sides& sides, Run& run,
                          Counting counting = Counting::kNo, int64_t watchdog_ns = kWatchdogNs);
absl::Status RunThreads(const Options& options, const Sides& sides, Run& run,
                        Counting counting = Counting::kNo);

// A Run in shared memory.
class SharedRun {
 public:
  SharedRun();
  ~SharedRun();
  SharedRun(const SharedRun&) = delete;
  Run& operator*() const { return *run_; }
  Run* operator->() const { return run_; }

 private:
  Run* run_;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_RUN_H_
