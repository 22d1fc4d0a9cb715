#include "tools/bench/run.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <new>
#include <string>
#include <thread>

#include "kernel/base/text.h"
#include "tools/bench/allocations.h"
#include "tools/bench/children.h"
#include "tools/bench/placement.h"
#include "tools/bench/system_calls.h"

namespace jackfield::bench {
namespace {

constexpr double kWarmShare = 0.2;
constexpr int64_t kWarmNsMax = 150'000'000;

constexpr size_t IndexOf(Side side) { return static_cast<size_t>(side); }

int64_t ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

void Report(Run& run, Side side, const absl::Status& status) {
  if (status.ok()) return;
  uint32_t none = 0;
  run.failed.compare_exchange_strong(none, 1 + static_cast<uint32_t>(side));
  const std::string text(status.message());
  std::snprintf(run.error[IndexOf(side)], sizeof run.error[0], "%s", text.c_str());
}

absl::Status Outcome(const Run& run) {
  const uint32_t failed = run.failed.load();
  if (failed == 0) return absl::OkStatus();
  const Side side = failed == 1 ? Side::kServer : Side::kClient;
  return absl::AbortedError(
      Text("the ", Name(side), ": ", std::string_view(run.error[failed - 1])));
}

// What a side said of its failure says more than how its process ended; but if one was killed that
// is why the other failed.
absl::Status Told(const absl::Status& ending, const Run& run) {
  const absl::Status said = Outcome(run);
  return said.ok() || absl::IsCancelled(ending) || absl::IsAborted(ending) ? ending : said;
}

absl::Status NotStarted() {
  return absl::ResourceExhaustedError(Text("fork: ", std::strerror(errno), " (ulimit -u)"));
}

absl::Status AwaitAll(Children& children, const Options& options, Run& run, Counting counting,
                      int64_t watchdog_ns) {
  const int64_t limit_ns = static_cast<int64_t>(options.seconds * 2e9) + watchdog_ns;
  return Told(
      counting == Counting::kNo ? children.Await(limit_ns) : AwaitAndCount(children, limit_ns, run),
      run);
}

}  // namespace

std::string_view Name(Side side) { return side == Side::kServer ? "server" : "client"; }

int64_t NowNs() { return ReadClock(CLOCK_MONOTONIC); }

bool Run::Salvage() {
  if (elapsed_ns > 0) return true;  // it had been measured to its end
  if (begin_ns == 0 || latency.count() == 0) return false;
  count = latency.count();
  elapsed_ns = NowNs() - begin_ns;
  return true;
}

Context::Context(Run& run, Side side, const Options& options)
    : run(run), side(side), options(options), tid{gettid(), gettid()} {
  CountAllocationsIn(&run.allocations[IndexOf(side)].count);
}

Context::~Context() { CountAllocationsIn(nullptr); }

void Context::PinThread() const { BindThread(options.pin, side == Side::kServer); }

SideUse Context::Used(Side of) const {
  SideUse used = ReadWaits(tid[IndexOf(of)]);
  used.cpu_ns = ReadClock(cpu_clock[IndexOf(of)]);
  used.allocations = run.allocations[IndexOf(of)].count;
  return used;
}

Window::Window(Context& context)
    : context_(context),
      warm_ns_(
          std::min(kWarmNsMax, static_cast<int64_t>(context.options.seconds * kWarmShare * 1e9))),
      warm_until_ns_(NowNs() + warm_ns_) {}

void Window::Begin(int64_t now_ns) {
  begun_ = true;
  begin_ns_ = now_ns;
  end_ns_ = now_ns + static_cast<int64_t>(context_.options.seconds * 1e9);
  used_ = context_.UsedByBoth();
  context_.run.begin_ns = now_ns;
  context_.run.counting.store(1);
}

void Window::End(uint64_t count) {
  Run& run = context_.run;
  run.counting.store(0);
  run.used_ns = run.elapsed_ns = NowNs() - begin_ns_;
  const std::array<SideUse, 2> used = context_.UsedByBoth();
  for (size_t i = 0; i < 2; ++i) run.use[i] = used[i] - used_[i];
  run.count = run.use_count = count;
}

absl::Status RunProcesses(const Options& options, const Sides& sides, Run& run, Counting counting,
                          int64_t watchdog_ns) {
  const auto body = [&](Side side, pid_t server_pid) {
    Context context(run, side, options);
    if (server_pid > 0) {
      clock_getcpuclockid(server_pid, &context.cpu_clock[IndexOf(Side::kServer)]);
      context.tid[IndexOf(Side::kServer)] = server_pid;
    }
    if (sides.close_other) sides.close_other(side);
    const absl::Status status = (side == Side::kServer ? sides.server : sides.client)(context);
    Report(run, side, status);
    return status.ok() ? 0 : 1;
  };
  Children children;
  const pid_t server = children.Start("server", [&] { return body(Side::kServer, 0); });
  const pid_t client = children.Start("client", [&] { return body(Side::kClient, server); });
  if (sides.close_all) sides.close_all();
  if (server < 0 || client < 0) return NotStarted();
  run.processes[0] = server;
  run.processes[1] = client;
  return AwaitAll(children, options, run, counting, watchdog_ns);
}

absl::Status RunThreads(const Options& options, const Sides& sides, Run& run, Counting counting) {
  const auto body = [&] {
    // A process of threads cannot be stopped halfway in order: the first error ends it.
    const auto go = [&run](Context& context, const SideFunction& side) {
      const absl::Status status = side(context);
      Report(run, context.side, status);
      if (!status.ok()) _exit(1);
    };
    std::promise<pid_t> server_tid;
    std::thread server([&] {
      Context context(run, Side::kServer, options);
      for (clockid_t& clock : context.cpu_clock) clock = CLOCK_THREAD_CPUTIME_ID;
      server_tid.set_value(gettid());
      go(context, sides.server);
    });
    Context context(run, Side::kClient, options);
    for (clockid_t& clock : context.cpu_clock) clock = CLOCK_THREAD_CPUTIME_ID;
    pthread_getcpuclockid(server.native_handle(), &context.cpu_clock[IndexOf(Side::kServer)]);
    context.tid[IndexOf(Side::kServer)] = server_tid.get_future().get();
    go(context, sides.client);
    server.join();
    return 0;
  };
  Children children;
  const pid_t process = children.Start("process of both sides", body);
  if (sides.close_all) sides.close_all();
  if (process < 0) return NotStarted();
  run.processes[0] = process;
  return AwaitAll(children, options, run, counting, kWatchdogNs);
}

SharedRun::SharedRun() {
  void* at = mmap(nullptr, sizeof(Run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) std::abort();  // less than a megabyte
  run_ = new (at) Run;
}

SharedRun::~SharedRun() { munmap(run_, sizeof(Run)); }

}  // namespace jackfield::bench
