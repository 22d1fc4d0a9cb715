#include "tests/kill/tracee.h"

#include <errno.h>
#include <fcntl.h>
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
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/kill/traces.h"

namespace jackfield::kill_test {
namespace {

constexpr int kTickMs = 250;
constexpr int kAsleepTicks = 6;
constexpr int kWatchdogTicks = 240;
constexpr int kOtherLooks = 20'000;
constexpr int kOtherLookUs = 50;
// Set by PTRACE_O_TRACESYSGOOD in the signal of a stop before or behind a system call.
constexpr int kSystemCallStop = SIGTRAP | 0x80;

// The letter of proc(5): S waits for something, Z has ended, R runs or waits for a CPU. (Without
// the heap, whose state the next fork hands on: page_vector.h.)
char StateOf(pid_t pid) {
  char text[512];
  std::snprintf(text, sizeof text, "/proc/%d/stat", pid);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 'Z';
  const ssize_t got = read(fd, text, sizeof text);
  close(fd);
  const std::string_view stat(text, got > 0 ? static_cast<size_t>(got) : 0);
  const size_t name_end = stat.rfind(") ");
  return name_end != stat.npos && name_end + 2 < stat.size() ? stat[name_end + 2] : 'Z';
}

pid_t Fork(const std::function<int()>& body, bool traced) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(99);
  if (traced) {
    signal(SIGUSR1, SIG_IGN);  // a mark; a tracer sees it all the same
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
  }
  _exit(body());
}

int WaitForExit(pid_t pid, int64_t timeout_ms, bool* reaped) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  pollfd ended = {fd, POLLIN, 0};
  const int ready = poll(&ended, 1, static_cast<int>(timeout_ms));
  close(fd);
  if (ready != 1) return -1;
  int status = 0;
  waitpid(pid, &status, 0);
  *reaped = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
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
  ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACESYSGOOD);
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
    asleep_ticks = StateOf(pid_) == 'S' ? asleep_ticks + 1 : 0;
  }
  return false;
}

void Tracee::TakeTurnsWith(pid_t other) {
  other_ = other;
  AwaitOther();
}

// A process that is woken no longer sleeps when the system call that woke it returns. So who is
// seen asleep then is so for good. The bound is a watchdog's.
void Tracee::AwaitOther() const {
  for (int look = 0; other_ > 0 && look < kOtherLooks; ++look) {
    const char state = StateOf(other_);
    if (state == 'S' || state == 'Z') return;
    usleep(kOtherLookUs);
  }
}

// On to whatever stops it next; with another end, each system call does.
void Tracee::Go(int pass_on) const {
  ptrace(other_ > 0 ? PTRACE_SYSCALL : PTRACE_CONT, pid_, nullptr, pass_on);
}

bool Tracee::RunToMark() {
  const Ticks ticks;
  int pass_on = 0;
  while (!ended_) {
    Go(pass_on);
    int signal = 0;
    if (!WaitForStop(&signal, kWatchdogTicks)) return false;
    if (signal == SIGUSR1) return true;
    if (signal == kSystemCallStop) AwaitOther();
    pass_on = signal == kSystemCallStop ? 0 : signal;
  }
  return false;
}

Tracee::Stop Tracee::Step(uint64_t instructions, Path* path) {
  int pass_on = 0;
  bool called = true, shares = true;  // whatever was before
  for (uint64_t i = 0; i < instructions; ++i) {
    const uint64_t instruction = Instruction();
    const bool calls = IsSystemCall(instruction);
    if (path != nullptr) {
      // Without shared memory only system calls reach others, and only they begin to share some.
      // (Of the rings of io_uring the kernel takes notice in a system call too.)
      const bool alike = !called && !shares;
      if (called) shares = other_ <= 0 || MapsMemfd(pid_);
      path->Add(instruction, alike);
      called = calls;
    }
    ptrace(PTRACE_SINGLESTEP, pid_, nullptr, pass_on);
    pass_on = 0;
    int signal = 0;
    if (!WaitForStop(&signal, kAsleepTicks)) return ended_ ? Stop::kEnded : Stop::kAsleep;
    if (calls) AwaitOther();
    if (signal == SIGUSR1) return Stop::kMark;
    if (signal != SIGTRAP) pass_on = signal;
  }
  return Stop::kStepped;
}

Tracee::Stop Tracee::StepAll(Path& path) {
  const Ticks ticks;
  return Step(UINT64_MAX, &path);
}

Tracee::Stop Tracee::Follow(const Way& way) {
  const Ticks ticks;
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

bool Tracee::IsSystemCall(uint64_t instruction) const {
  constexpr uint16_t kSyscall = 0x050f;
  if (other_ <= 0) return false;
  const long code = ptrace(PTRACE_PEEKTEXT, pid_, instruction, nullptr);
  return static_cast<uint16_t>(code) == kSyscall;
}

// Its memory is a copy of this process's, so the breakpoint is in nobody else's.
Tracee::Stop Tracee::RunToBreakpoint(uint64_t instruction) {
  constexpr uint64_t kInt3 = 0xcc;
  if (Instruction() == instruction) return Stop::kStepped;
  const auto code = static_cast<uint64_t>(ptrace(PTRACE_PEEKTEXT, pid_, instruction, nullptr));
  ptrace(PTRACE_POKETEXT, pid_, instruction, (code & ~uint64_t{0xff}) | kInt3);
  for (int pass_on = 0;;) {
    Go(pass_on);
    int signal = 0;
    if (!WaitForStop(&signal, kAsleepTicks)) return ended_ ? Stop::kEnded : Stop::kAsleep;
    if (signal == SIGUSR1) return Stop::kMark;
    if (signal == SIGTRAP && Instruction() == instruction + 1) break;
    if (signal == kSystemCallStop) AwaitOther();
    pass_on = signal == kSystemCallStop ? 0 : signal;
  }
  ptrace(PTRACE_POKETEXT, pid_, instruction, code);
  ptrace(PTRACE_POKEUSER, pid_, offsetof(user, regs.rip), instruction);
  return Stop::kStepped;
}
#else
uint64_t Tracee::Instruction() const { return 0; }
bool Tracee::IsSystemCall(uint64_t) const { return false; }
Tracee::Stop Tracee::RunToBreakpoint(uint64_t) { return Stop::kStepped; }
#endif

void Tracee::Release() { ptrace(PTRACE_DETACH, pid_, nullptr, nullptr); }

int Tracee::Wait(int64_t timeout_ms) {
  const int code = WaitForExit(pid_, timeout_ms, &reaped_);
  ended_ = reaped_;
  return code;
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

int Child::Wait(int64_t timeout_ms) { return WaitForExit(pid_, timeout_ms, &reaped_); }

}  // namespace jackfield::kill_test
