#include "tools/bench/run.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield::bench {
namespace {

constexpr double kWarmShare = 0.2;
constexpr int64_t kWarmNsMax = 150'000'000;
// How much longer than --seconds a run may take before it counts as stuck; generous, for machines
// under load.
constexpr int64_t kWatchdogNs = 20'000'000'000;
// When one side has ended the other has nothing to wait for.
constexpr int64_t kOtherSideNs = 3'000'000'000;

int64_t ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

std::string_view NameOf(Side side) { return side == Side::kServer ? "server" : "client"; }

void Report(Run& run, Side side, const absl::Status& status) {
  if (status.ok()) return;
  uint32_t none = 0;
  run.failed.compare_exchange_strong(none, 1 + static_cast<uint32_t>(side));
  const std::string text(status.message());
  std::snprintf(run.error[static_cast<size_t>(side)], sizeof run.error[0], "%s", text.c_str());
}

absl::Status Outcome(const Run& run) {
  const uint32_t failed = run.failed.load();
  if (failed == 0) return absl::OkStatus();
  const Side side = failed == 1 ? Side::kServer : Side::kClient;
  return absl::AbortedError(
      Text("the ", NameOf(side), ": ", std::string_view(run.error[failed - 1])));
}

// A process of ours, asked to end when we do and reaped by us. A terminal's ^C reaches it too: it
// is for us to hear, and to ask.
class Child {
 public:
  Child(std::string_view name, const std::function<int()>& body) : name_(name) {
    const pid_t parent = getpid();
    std::fflush(stdout);
    std::fflush(stderr);
    pid_ = fork();
    if (pid_ != 0) {
      if (pid_ > 0) pid_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
      return;
    }
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);  // it died before the line above
    for (const int number : {SIGPIPE, SIGINT, SIGHUP}) signal(number, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int status = body();
    std::fflush(nullptr);
    _exit(status);
  }
  ~Child() {
    if (running()) {
      Signal(SIGKILL);
      Reap();
    }
    if (pid_fd_ >= 0) close(pid_fd_);
  }
  Child(const Child&) = delete;

  bool started() const { return pid_ > 0 && pid_fd_ >= 0; }
  bool running() const { return pid_ > 0 && !reaped_; }
  pid_t pid() const { return pid_; }
  int pid_fd() const { return pid_fd_; }
  void Signal(int number) const {
    if (running()) kill(pid_, number);
  }
  void Reap() {
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) continue;
    reaped_ = true;
  }
  // Requires: !running().
  absl::Status Ending() const {
    if (WIFEXITED(status_) && WEXITSTATUS(status_) == 0) return absl::OkStatus();
    if (WIFSIGNALED(status_))
      return absl::AbortedError(Text("the ", name_, " was killed by signal ", WTERMSIG(status_)));
    return absl::AbortedError(Text("the ", name_, " ended with status ", WEXITSTATUS(status_)));
  }

 private:
  const std::string_view name_;
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int status_ = 0;
  bool reaped_ = false;
};

// Waits until all have ended. Once one has, the others get a short time; once one has failed, or we
// are asked to stop, none. Whoever is left then is asked to end, and killed if that does not help.
class Ending {
 public:
  explicit Ending(std::span<Child* const> children) : children_(children) {}

  absl::Status Await(double seconds) {
    deadline_ns_ = NowNs() + static_cast<int64_t>(seconds * 2e9) + kWatchdogNs;
    while (true) {
      std::vector<pollfd> watched;
      for (Child* child : children_) {
        if (child->running()) watched.push_back({child->pid_fd(), POLLIN, 0});
      }
      if (watched.empty()) return first_;
      watched.push_back({stop_.fd(), POLLIN, 0});
      const int64_t left_ns = std::max<int64_t>(0, deadline_ns_ - NowNs());
      const auto left_ms = std::min<int64_t>(left_ns / 1'000'000 + 1, INT32_MAX);
      poll(watched.data(), watched.size(), static_cast<int>(left_ms));
      if (stop_.Heard()) {
        Note(absl::CancelledError("interrupted"));
        asked_ ? Kill() : Ask();
      } else if (NowNs() >= deadline_ns_) {
        Note(absl::AbortedError("the run did not end in time and was stopped (watchdog)"));
        asked_ ? Kill() : Ask();
      }
      for (Child* child : children_) Look(*child);
    }
  }

 private:
  void Note(absl::Status why) {
    if (first_.ok()) first_ = std::move(why);
  }
  void Look(Child& child) {
    pollfd ended{child.pid_fd(), POLLIN, 0};
    if (!child.running() || poll(&ended, 1, 0) <= 0) return;
    child.Reap();
    Note(child.Ending());
    if (asked_) return;
    if (first_.ok())
      deadline_ns_ = std::min(deadline_ns_, NowNs() + kOtherSideNs);
    else
      Ask();
  }
  void Ask() {
    asked_ = true;
    deadline_ns_ = NowNs() + kOtherSideNs;
    for (const Child* child : children_) child->Signal(SIGTERM);
  }
  void Kill() {
    deadline_ns_ = INT64_MAX;
    for (const Child* child : children_) child->Signal(SIGKILL);
  }

  const std::span<Child* const> children_;
  StopSignals stop_;
  int64_t deadline_ns_ = 0;
  bool asked_ = false;
  absl::Status first_;  // of all that went wrong
};

// What a side said of its failure says more than how its process ended.
absl::Status Told(const absl::Status& ending, const Run& run) {
  const absl::Status said = Outcome(run);
  return said.ok() || absl::IsCancelled(ending) ? ending : said;
}

absl::Status NotStarted() {
  return absl::ResourceExhaustedError(Text("fork: ", std::strerror(errno)));
}

}  // namespace

int64_t NowNs() { return ReadClock(CLOCK_MONOTONIC); }

StopSignals::StopSignals() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, number);
  sigprocmask(SIG_BLOCK, &ends, &before_);
  fd_ = OwnedFd(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
}

StopSignals::~StopSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool StopSignals::Heard() {
  signalfd_siginfo info;
  return read(fd_.get(), &info, sizeof info) == sizeof info;
}

void Context::PinThread() const {
  if (options.pin == Pin::kNone) return;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  const int wanted = options.pin == Pin::kSplit && side == Side::kServer ? 1 : 0;
  int seen = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || seen++ != wanted) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one,
                      &one);  // a hint: if it is refused, the run is only less steady
    return;
  }
}

int64_t Context::ClientCpuNs() const { return ReadClock(client_cpu_clock); }
int64_t Context::ServerCpuNs() const { return ReadClock(server_cpu_clock); }

Window::Window(Context& context)
    : context_(context),
      warm_ns_(
          std::min(kWarmNsMax, static_cast<int64_t>(context.options.seconds * kWarmShare * 1e9))),
      warm_until_ns_(NowNs() + warm_ns_) {}

void Window::Begin(int64_t now_ns) {
  begun_ = true;
  begin_ns_ = now_ns;
  end_ns_ = now_ns + static_cast<int64_t>(context_.options.seconds * 1e9);
  client_cpu_ns_ = context_.ClientCpuNs();
  server_cpu_ns_ = context_.ServerCpuNs();
}

void Window::End(uint64_t count) {
  Run& run = context_.run;
  run.elapsed_ns = NowNs() - begin_ns_;
  run.client_cpu_ns = context_.ClientCpuNs() - client_cpu_ns_;
  run.server_cpu_ns = context_.ServerCpuNs() - server_cpu_ns_;
  run.count = run.cpu_count = count;
}

absl::Status RunProcesses(const Options& options, const Sides& sides, Run& run) {
  const auto body = [&](Side side, pid_t server_pid) {
    Context context(run, side, options);
    if (server_pid > 0) clock_getcpuclockid(server_pid, &context.server_cpu_clock);
    if (sides.close_other) sides.close_other(side);
    const absl::Status status = (side == Side::kServer ? sides.server : sides.client)(context);
    Report(run, side, status);
    return status.ok() ? 0 : 1;
  };
  Child server("server", [&] { return body(Side::kServer, 0); });
  Child client("client", [&] { return body(Side::kClient, server.pid()); });
  if (sides.close_all) sides.close_all();
  run.processes[0] = server.pid();
  run.processes[1] = client.pid();
  if (!server.started() || !client.started()) return NotStarted();
  Child* const both[] = {&server, &client};
  return Told(Ending(both).Await(options.seconds), run);
}

absl::Status RunThreads(const Options& options, const Sides& sides, Run& run) {
  Child process("process of both sides", [&] {
    Context server_context(run, Side::kServer, options),
        client_context(run, Side::kClient, options);
    // A process of threads cannot be stopped halfway in order: the first error ends it.
    std::thread server([&] {
      const absl::Status status = sides.server(server_context);
      Report(run, Side::kServer, status);
      if (!status.ok()) _exit(1);
    });
    pthread_getcpuclockid(server.native_handle(), &client_context.server_cpu_clock);
    client_context.client_cpu_clock = CLOCK_THREAD_CPUTIME_ID;
    const absl::Status status = sides.client(client_context);
    Report(run, Side::kClient, status);
    if (!status.ok()) _exit(1);
    server.join();
    return 0;
  });
  if (sides.close_all) sides.close_all();
  run.processes[0] = process.pid();
  if (!process.started()) return NotStarted();
  Child* const only[] = {&process};
  return Told(Ending(only).Await(options.seconds), run);
}

SharedRun::SharedRun() {
  void* at = mmap(nullptr, sizeof(Run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) std::abort();  // less than a megabyte
  run_ = new (at) Run;
}

SharedRun::~SharedRun() { munmap(run_, sizeof(Run)); }

}  // namespace jackfield::bench
