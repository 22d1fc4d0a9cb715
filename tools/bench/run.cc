#include "tools/bench/run.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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
#include <vector>

#include "kernel/text.h"

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

// A process of ours, ended with us and reaped by us.
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
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above
    signal(SIGPIPE, SIG_IGN);
    const int status = body();
    std::fflush(nullptr);
    _exit(status);
  }
  ~Child() {
    if (running()) {
      kill(pid_, SIGKILL);
      Reap();
    }
    if (pid_fd_ >= 0) close(pid_fd_);
  }
  Child(const Child&) = delete;

  bool started() const { return pid_ > 0 && pid_fd_ >= 0; }
  bool running() const { return pid_ > 0 && !reaped_; }
  pid_t pid() const { return pid_; }
  int pid_fd() const { return pid_fd_; }
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

// Waits until all have ended. Once one has, the others get a short time; whoever is left then is
// killed.
absl::Status Await(std::span<Child* const> children, double seconds) {
  int64_t deadline_ns = NowNs() + static_cast<int64_t>(seconds * 2e9) + kWatchdogNs;
  absl::Status first;
  while (true) {
    std::vector<pollfd> watched;
    for (Child* child : children) {
      if (child->running()) watched.push_back({child->pid_fd(), POLLIN, 0});
    }
    if (watched.empty()) return first;
    const int64_t left_ns = deadline_ns - NowNs();
    if (left_ns <= 0) {
      return !first.ok()
                 ? first
                 : absl::AbortedError("the run did not end in time and was stopped (watchdog)");
    }
    poll(watched.data(), watched.size(), static_cast<int>(left_ns / 1'000'000 + 1));
    for (Child* child : children) {
      pollfd ended{child->pid_fd(), POLLIN, 0};
      if (!child->running() || poll(&ended, 1, 0) <= 0) continue;
      child->Reap();
      if (first.ok()) first = child->Ending();
      deadline_ns = std::min(deadline_ns, NowNs() + kOtherSideNs);
    }
  }
}

absl::Status NotStarted() {
  return absl::ResourceExhaustedError(Text("fork: ", std::strerror(errno)));
}

}  // namespace

int64_t NowNs() { return ReadClock(CLOCK_MONOTONIC); }

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
  if (!server.started() || !client.started()) return NotStarted();
  Child* const both[] = {&server, &client};
  const absl::Status ending = Await(both, options.seconds);
  const absl::Status said = Outcome(run);
  return said.ok() ? ending : said;
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
  if (!process.started()) return NotStarted();
  Child* const only[] = {&process};
  const absl::Status ending = Await(only, options.seconds);
  const absl::Status said = Outcome(run);
  return said.ok() ? ending : said;
}

SharedRun::SharedRun() {
  void* at = mmap(nullptr, sizeof(Run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) std::abort();  // less than a megabyte
  run_ = new (at) Run;
}

SharedRun::~SharedRun() { munmap(run_, sizeof(Run)); }

}  // namespace jackfield::bench
