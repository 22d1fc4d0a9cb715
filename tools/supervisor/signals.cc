#include "tools/supervisor/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/loop/sys.h"

namespace jackfield {

absl::Status Signals::Block() {
  sigset_t heard;
  sigemptyset(&heard);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&heard, number);
  sigprocmask(SIG_BLOCK, &heard, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_DFL);  // whoever started us may have ignored it: then nothing could be reaped
  fd_ = OwnedFd(signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK));
  return fd_.ok() ? absl::OkStatus() : SysError(errno, "signalfd");
}

Signals::Heard Signals::Take() {
  Heard heard;
  signalfd_siginfo info;
  while (read(fd_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD)
      heard.child = true;
    else
      ++heard.stops;
  }
  return heard;
}

void ReapOrphans(const std::function<bool(pid_t)>& is_service) {
  while (true) {
    siginfo_t ended{};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0 ||
        is_service(ended.si_pid) || waitpid(ended.si_pid, nullptr, WNOHANG) < 0)
      return;
  }
}

}  // namespace jackfield
