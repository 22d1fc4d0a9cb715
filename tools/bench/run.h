// One measurement: two processes (or, where a medium joins only threads, two threads of one
// process) that a third starts, watches and reaps. The starter never makes a node itself, so each
// measurement begins from nothing.
//
// What the two sides tell comes back in a Run, in memory that all three share.
//
// However a measurement ends, no process of it is left: the starter asks (SIGTERM), waits, and
// kills who does not hear. If it is killed itself the system asks in its place.
#ifndef JACKFIELD_TOOLS_BENCH_RUN_H_
#define JACKFIELD_TOOLS_BENCH_RUN_H_

#include <time.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "tools/bench/histogram.h"
#include "tools/bench/options.h"

namespace jackfield::bench {

int64_t NowNs();  // CLOCK_MONOTONIC

// Lives in shared memory: plain, and all zero at first.
struct Run {
  // What a measurement found. Written by the client's side.
  Histogram latency;          // empty in mode throughput
  uint64_t count = 0;         // calls, or messages that the receiver counted
  int64_t elapsed_ns = 0;     // in which they were
  int64_t client_cpu_ns = 0;  // of both sides in that time (in mode throughput: in all of it)
  int64_t server_cpu_ns = 0;
  uint64_t cpu_count = 0;  // calls or messages in that CPU time

  int processes[2] = {};  // of its sides, for whoever removes what they left; 0: none

  // For the floors of memory rings and for errors.
  std::atomic<uint32_t> stop = 0;
  std::atomic<uint32_t> failed = 0;  // 1 + side, of who failed first
  char error[2][512] = {};

  double PerSecond() const {
    return elapsed_ns == 0 ? 0 : static_cast<double>(count) * 1e9 / static_cast<double>(elapsed_ns);
  }
};

enum class Side { kServer = 0, kClient = 1 };

// What a side knows of its surroundings.
class Context {
 public:
  Context(Run& run, Side side, const Options& options) : run(run), side(side), options(options) {}

  // Binds this thread as --pin says; with fewer than two CPUs, not at all.
  void PinThread() const;
  // CPU time used so far, by either side.
  int64_t ClientCpuNs() const;
  int64_t ServerCpuNs() const;

  Run& run;
  const Side side;
  const Options& options;
  clockid_t client_cpu_clock = CLOCK_PROCESS_CPUTIME_ID;
  clockid_t server_cpu_clock = CLOCK_PROCESS_CPUTIME_ID;
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
  // Fills count, elapsed and CPU of the run.
  void End(uint64_t count);

 private:
  void Begin(int64_t now_ns);
  Context& context_;
  int64_t warm_ns_, warm_until_ns_, end_ns_ = INT64_MAX, begin_ns_ = 0;
  int64_t client_cpu_ns_ = 0, server_cpu_ns_ = 0;
  bool begun_ = false;
};

// The code of one side. An error ends the run.
using SideFunction = std::function<absl::Status(Context&)>;

struct Sides {
  SideFunction server, client;
  std::function<void()> close_all;        // descriptors made for both: the starter's copies
  std::function<void(Side)> close_other;  // what only the other side needs; called in each process
};

// While it lives ^C, SIGTERM and SIGHUP are not delivered but heard here.
//
// Thread: the one that starts the sides.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  int fd() const { return fd_.get(); }  // readable: there is one to hear
  // Has one come? Each is heard once.
  bool Heard();

 private:
  sigset_t before_;
  OwnedFd fd_;
};

// Runs both sides to their end and fills `run`. Ends them when they take much longer than they
// should, and when one has failed. Errors: what a side said; ABORTED (a side died, or the watchdog
// ended it); CANCELLED (a signal asked to stop). Blocks: for a little more than --seconds.
absl::Status RunProcesses(const Options& options, const Sides& sides, Run& run);
absl::Status RunThreads(const Options& options, const Sides& sides, Run& run);

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
