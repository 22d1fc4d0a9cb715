#include "tests/kill/tracee.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

namespace jackfield::kill_test {
namespace {

constexpr int kTickMs = 250;
constexpr int kAsleepTicks = 6;

pid_t Fork(const std::function<int()>& body, bool traced) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(99);
  if (traced) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
  }
  _exit(body());
}

// While one lives, waitpid comes back now and then.
class Ticks {
 public:
  Ticks() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &old_);
    const itimerval every = {{0, kTickMs * 1000}, {0, kTickMs * 1000}};
    setitimer(ITIMER_REAL, &every, nullptr);
  }
  ~Ticks() {
    const itimerval never = {};
    setitimer(ITIMER_REAL, &never, nullptr);
    sigaction(SIGALRM, &old_, nullptr);
  }

 private:
  struct sigaction old_ = {};
};

}  // namespace

Tracee::Tracee(const std::function<int()>& body) : pid_(Fork(body, true)) {
  int signal = 0;
  WaitForStop(&signal);
}

Tracee::~Tracee() {
  Kill();
  if (!reaped_) waitpid(pid_, nullptr, 0);
}

// False: it has ended, or (with Ticks) it sleeps: *signal is 0 then.
bool Tracee::WaitForStop(int* signal) {
  *signal = 0;
  for (int ticks = 0; ticks < kAsleepTicks;) {
    int status = 0;
    if (waitpid(pid_, &status, __WALL) == pid_) {
      if (WIFSTOPPED(status)) {
        *signal = WSTOPSIG(status);
        return true;
      }
      ended_ = reaped_ = true;
      return false;
    }
    ++ticks;
  }
  return false;
}

bool Tracee::RunToMark() {
  const Ticks ticks;
  int pass_on = 0;
  while (!ended_) {
    ptrace(PTRACE_CONT, pid_, nullptr, pass_on);
    int signal = 0;
    if (!WaitForStop(&signal)) return false;
    if (signal == SIGUSR1) return true;
    pass_on = signal;
  }
  return false;
}

Tracee::Stop Tracee::Step(uint64_t instructions, uint64_t* stepped) {
  const Ticks ticks;
  int pass_on = 0;
  for (*stepped = 0; *stepped < instructions; ++*stepped) {
    ptrace(PTRACE_SINGLESTEP, pid_, nullptr, pass_on);
    pass_on = 0;
    int signal = 0;
    if (!WaitForStop(&signal)) return ended_ ? Stop::kEnded : Stop::kAsleep;
    if (signal == SIGUSR1) return Stop::kMark;
    if (signal != SIGTRAP) pass_on = signal;
  }
  return Stop::kStepped;
}

void Tracee::Kill() {
  if (ended_) return;
  ended_ = true;
  kill(pid_, SIGKILL);
  siginfo_t info;
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

Child::Child(const std::function<int()>& body) : pid_(Fork(body, false)) {}

Child::~Child() {
  if (reaped_) return;
  Kill();
  waitpid(pid_, nullptr, 0);
}

void Child::Kill() {
  if (!reaped_) kill(pid_, SIGKILL);
}

int Child::Wait(int64_t timeout_ms) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended = {fd, POLLIN, 0};
  const int ready = poll(&ended, 1, static_cast<int>(timeout_ms));
  close(fd);
  if (ready != 1) return -1;
  int status = 0;
  waitpid(pid_, &status, 0);
  reaped_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace jackfield::kill_test
