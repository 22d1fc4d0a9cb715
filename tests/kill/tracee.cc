#include "tests/kill/tracee.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>

#include "kernel/text.h"

namespace jackfield::kill_test {
namespace {

constexpr int kTickMs = 250;
constexpr int kAsleepTicks = 6;
constexpr int kWatchdogTicks = 240;

// Does it wait for something, rather than for its turn on a CPU?
bool Sleeps(pid_t pid) {
  std::ifstream file(Text("/proc/", pid, "/stat"));
  std::string stat;
  std::getline(file, stat);
  const size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] == 'S';
}

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
  WaitForStop(&signal, kWatchdogTicks);
}

Tracee::~Tracee() {
  Kill();
  if (!reaped_) waitpid(pid_, nullptr, 0);
}

// False: it has ended, or (with Ticks) it has slept for so long: *signal is 0 then.
bool Tracee::WaitForStop(int* signal, int asleep_ticks_max) {
  *signal = 0;
  int asleep_ticks = 0;
  for (int ticks = 0; ticks < kWatchdogTicks && asleep_ticks < asleep_ticks_max; ++ticks) {
    int status = 0;
    if (waitpid(pid_, &status, __WALL) == pid_) {
      if (WIFSTOPPED(status)) {
        *signal = WSTOPSIG(status);
        return true;
      }
      ended_ = reaped_ = true;
      return false;
    }
    asleep_ticks = Sleeps(pid_) ? asleep_ticks + 1 : 0;
  }
  return false;
}

bool Tracee::RunToMark() {
  const Ticks ticks;
  int pass_on = 0;
  while (!ended_) {
    ptrace(PTRACE_CONT, pid_, nullptr, pass_on);
    int signal = 0;
    if (!WaitForStop(&signal, kWatchdogTicks)) return false;
    if (signal == SIGUSR1) return true;
    pass_on = signal;
  }
  return false;
}

Tracee::Stop Tracee::Step(uint64_t instructions, Path* path) {
  const Ticks ticks;
  int pass_on = 0;
  for (uint64_t i = 0; i < instructions; ++i) {
    if (path != nullptr) path->Add(Instruction());
    ptrace(PTRACE_SINGLESTEP, pid_, nullptr, pass_on);
    pass_on = 0;
    int signal = 0;
    if (!WaitForStop(&signal, kAsleepTicks)) return ended_ ? Stop::kEnded : Stop::kAsleep;
    if (signal == SIGUSR1) return Stop::kMark;
    if (signal != SIGTRAP) pass_on = signal;
  }
  return Stop::kStepped;
}

Tracee::Stop Tracee::StepAll(Path& path) { return Step(UINT64_MAX, &path); }

Tracee::Stop Tracee::Follow(const Way& way) {
  if (way.breakpoint != 0) {
    Stop stop = Step(1, nullptr);
    for (uint32_t passes = 0;; ++passes) {
      if (stop == Stop::kStepped) stop = RunToBreakpoint(way.breakpoint);
      if (stop != Stop::kStepped) return stop;
      if (passes == way.passes) break;
      stop = Step(1, nullptr);
    }
  }
  return Step(way.steps, nullptr);
}

#ifdef __x86_64__
uint64_t Tracee::Instruction() const {
  return static_cast<uint64_t>(ptrace(PTRACE_PEEKUSER, pid_, offsetof(user, regs.rip), nullptr));
}

// Its memory is a copy of this process's, so the breakpoint is in nobody else's.
Tracee::Stop Tracee::RunToBreakpoint(uint64_t instruction) {
  constexpr uint64_t kInt3 = 0xcc;
  if (Instruction() == instruction) return Stop::kStepped;
  const auto code = static_cast<uint64_t>(ptrace(PTRACE_PEEKTEXT, pid_, instruction, nullptr));
  ptrace(PTRACE_POKETEXT, pid_, instruction, (code & ~uint64_t{0xff}) | kInt3);
  const Ticks ticks;
  for (int pass_on = 0;;) {
    ptrace(PTRACE_CONT, pid_, nullptr, pass_on);
    int signal = 0;
    if (!WaitForStop(&signal, kAsleepTicks)) return ended_ ? Stop::kEnded : Stop::kAsleep;
    if (signal == SIGUSR1) return Stop::kMark;
    if (signal == SIGTRAP && Instruction() == instruction + 1) break;
    pass_on = signal;
  }
  ptrace(PTRACE_POKETEXT, pid_, instruction, code);
  ptrace(PTRACE_POKEUSER, pid_, offsetof(user, regs.rip), instruction);
  return Stop::kStepped;
}
#else
uint64_t Tracee::Instruction() const { return 0; }
Tracee::Stop Tracee::RunToBreakpoint(uint64_t) { return Stop::kStepped; }
#endif

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
