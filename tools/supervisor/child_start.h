// What a child does between fork and exec, whoever it is to become. Nothing is allocated.
//
// Thread: the child's only one.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_CHILD_START_H_
#define JACKFIELD_TOOLS_SUPERVISOR_CHILD_START_H_

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jackfield {

// It dies with its parent, and leads a process group of its own. Where the parent died before,
// it exits with that status.
inline void DieWithParent(pid_t parent, int exit_status) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(exit_status);
  setpgid(0, 0);
}

// Descriptors from 3 on close at exec; signals do what they do by default, and none is blocked.
inline void ForgetParent() {
  syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  for (const int number : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGCHLD})
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_CHILD_START_H_
