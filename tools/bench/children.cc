#include "tools/bench/children.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "kernel/base/text.h"
#include "tools/bench/run.h"
#include "tools/bench/stop_signals.h"

namespace jackfield::bench {

Above::Above() {
  policy_ = sched_getscheduler(0);
  real_time_ = policy_ == SCHED_FIFO || policy_ == SCHED_RR;
  sched_param param{};
  if (!real_time_ || sched_getparam(0, &param) != 0) return;
  priority_ = param.sched_priority;
  ++param.sched_priority;
  raised_ = sched_setparam(0, &param) == 0;
}

Above::~Above() {
  if (!raised_) return;
  const sched_param param{.sched_priority = priority_};
  sched_setparam(0, &param);  // to fall is always allowed
}

void Above::InChild() const {
  if (!real_time_) return;
  const int least = sched_get_priority_min(policy_);
  const sched_param param{.sched_priority = raised_ ? priority_ : std::max(least, priority_ - 1)};
  sched_setparam(0, &param);
}

Children::~Children() {
  Signal(SIGKILL);
  for (Child& child : children_) {
    while (child.running && waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) continue;
    if (child.pid_fd >= 0) close(child.pid_fd);
  }
}

pid_t Children::Start(std::string_view name, const std::function<int()>& body) {
  const pid_t parent = getpid();
  std::fflush(stdout);
  std::fflush(stderr);
  const pid_t pid = fork();
  if (pid < 0) return pid;
  if (pid > 0) {
    children_.push_back({name, pid, static_cast<int>(syscall(SYS_pidfd_open, pid, 0))});
    return children_.back().pid_fd < 0 ? -1 : pid;
  }
  above_.InChild();
  signal(SIGTERM, SIG_DFL);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it died before the line above
  // A terminal's ^C reaches it too: it is for the parent to hear, and to ask.
  for (const int number : {SIGPIPE, SIGINT, SIGHUP}) signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int status = body();
  std::fflush(nullptr);
  _exit(status);
}

absl::Status Children::Await(int64_t limit_ns) {
  StopSignals stop;
  int64_t deadline_ns = NowNs() + limit_ns;
  bool asked = false;
  absl::Status first;  // of all that went wrong
  const auto note = [&first](absl::Status why) {
    if (first.ok()) first = std::move(why);
  };
  const auto ask = [&] {
    deadline_ns = asked ? INT64_MAX : NowNs() + kOtherSideNs;
    Signal(std::exchange(asked, true) ? SIGKILL : SIGTERM);
  };
  while (true) {
    std::vector<pollfd> watched;
    for (const Child& child : children_) {
      if (child.running) watched.push_back({child.pid_fd, POLLIN, 0});
    }
    if (watched.empty()) return first;
    watched.push_back({stop.fd(), POLLIN, 0});
    const int64_t left_ns = std::max<int64_t>(0, deadline_ns - NowNs());
    const auto left_ms = std::min<int64_t>(left_ns / 1'000'000 + 1, INT32_MAX);
    poll(watched.data(), watched.size(), static_cast<int>(left_ms));
    if (stop.Heard()) {
      note(absl::CancelledError("interrupted"));
      ask();
    } else if (NowNs() >= deadline_ns) {
      note(absl::AbortedError(Text("it took ", limit_ns / 1'000'000'000,
                                   " s, far longer than it should, and was stopped (watchdog)")));
      ask();
    }
    for (Child& child : children_) {
      int status = 0;
      if (!child.running || waitpid(child.pid, &status, WNOHANG) != child.pid) continue;
      Reaped(child.pid, status);
      note(EndingOf(child));
      if (asked) continue;
      if (first.ok())
        deadline_ns = std::min(deadline_ns, NowNs() + kOtherSideNs);
      else
        ask();
    }
  }
}

std::vector<pid_t> Children::running() const {
  std::vector<pid_t> pids;
  for (const Child& child : children_) {
    if (child.running) pids.push_back(child.pid);
  }
  return pids;
}

void Children::Reaped(pid_t pid, int wait_status) {
  for (Child& child : children_) {
    if (child.pid != pid) continue;
    child.running = false;
    child.wait_status = wait_status;
  }
}

void Children::Signal(int number) const {
  for (const Child& child : children_) {
    if (child.running) kill(child.pid, number);
  }
}

absl::Status Children::EndingOf(const Child& child) const {
  const int status = child.wait_status;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  const std::string who = Text("the ", child.name, " (process ", child.pid, ")");
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    return absl::AbortedError(
        Text(who, " was killed by signal ", number, " (", strsignal(number), ")"));
  }
  return absl::UnknownError(Text(who, " ended with status ", WEXITSTATUS(status)));
}

absl::Status Children::Ending() const {
  for (const Child& child : children_) {
    if (child.running) continue;
    if (absl::Status ending = EndingOf(child); !ending.ok()) return ending;
  }
  return absl::OkStatus();
}

}  // namespace jackfield::bench
