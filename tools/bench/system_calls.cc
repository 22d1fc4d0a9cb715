#include "tools/bench/system_calls.h"

#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/base/text.h"
#include "tools/bench/stop_signals.h"

namespace jackfield::bench {
namespace {

constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE;
constexpr int kSystemCall = SIGTRAP | 0x80;

// While it lives a child that stops or ends makes a descriptor readable.
class ChildSignal {
 public:
  ChildSignal() {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before_);
    fd_ = OwnedFd(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~ChildSignal() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  ChildSignal(const ChildSignal&) = delete;
  int fd() const { return fd_.get(); }
  void Take() const {
    signalfd_siginfo info;
    while (read(fd_.get(), &info, sizeof info) > 0) continue;
  }

 private:
  sigset_t before_;
  OwnedFd fd_;
};

void GoOn(pid_t tid, int wait_status, Run& run) {
  const int number = WSTOPSIG(wait_status), event = wait_status >> 16;
  int pass_on = 0;
  if (number == kSystemCall) {
    __ptrace_syscall_info info{};
    const bool told = ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0;
    if (told && info.op == PTRACE_SYSCALL_INFO_ENTRY && run.counting.load() != 0)
      ++run.system_calls;
  } else if (event == 0) {
    pass_on = number;
  }
  ptrace(PTRACE_SYSCALL, tid, nullptr, pass_on);
}

}  // namespace

absl::Status AwaitAndCount(Children& children, int64_t limit_ns, Run& run) {
  StopSignals stop;
  const ChildSignal child_signal;
  for (const pid_t pid : children.running()) {
    if (ptrace(PTRACE_SEIZE, pid, nullptr, kOptions) == 0 &&
        ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0)
      continue;
    const int error = errno;
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid) continue;  // that is seen below
    return absl::PermissionDeniedError(
        Text("ptrace: ", std::strerror(error), "; where that is forbidden nobody can count them"));
  }
  const int64_t deadline_ns = NowNs() + limit_ns;
  absl::Status why;
  while (true) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
    if (pid < 0) break;  // all have ended
    if (pid > 0) {
      if (WIFSTOPPED(status))
        GoOn(pid, status, run);
      else
        children.Reaped(pid, status);
      continue;
    }
    pollfd watched[] = {{child_signal.fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}};
    const int64_t left_ms = (deadline_ns - NowNs()) / 1'000'000 + 1;
    poll(watched, std::size(watched), static_cast<int>(std::clamp<int64_t>(left_ms, 0, INT32_MAX)));
    child_signal.Take();
    if (!why.ok()) continue;
    if (stop.Heard())
      why = absl::CancelledError("interrupted");
    else if (NowNs() >= deadline_ns)
      why = absl::AbortedError("the run that counts system calls did not end (watchdog)");
    else
      continue;
    children.Signal(SIGKILL);
  }
  return why.ok() ? children.Ending() : why;
}

}  // namespace jackfield::bench
