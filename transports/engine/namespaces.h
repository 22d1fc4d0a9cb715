// Processes in new namespaces (unshare(2)), for tests of what can be seen from one and not from
// another. It takes CAP_SYS_ADMIN: a test that is not allowed to says so, and is skipped.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_NAMESPACES_H_
#define JACKFIELD_TRANSPORTS_ENGINE_NAMESPACES_H_

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

namespace jackfield {

inline constexpr char kNoNamespacesWords[] = "no namespaces may be made here (CAP_SYS_ADMIN)";
inline constexpr int kNoNamespaces = 77;  // the status of one that could not be made

enum class Proc {
  kOwn,      // /proc is of the new pid namespace
  kOutside,  // it is still that of the old one
  kNone,     // there is nothing in it
};

// A process in new namespaces, and the one that waits for it.
struct Elsewhere {
  pid_t pid = 0;  // as this process numbers it; 0: not allowed
  pid_t waiter = 0;

  // Its status, or the signal that killed it and 128.
  int Wait() const {
    int status = 0;
    waitpid(waiter, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int Kill() const {
    if (pid > 0) kill(pid, SIGKILL);
    return Wait();
  }
};

// flags: CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWTIME. There are always mounts of its own. In a time
// namespace the system has been up for a thousand seconds more. body: returns its status.
inline Elsewhere StartElsewhere(int flags, Proc proc, const std::function<int()>& body) {
  int numbers[2];
  if (pipe(numbers) != 0) return {};
  const pid_t waiter = fork();
  if (waiter == 0) {
    close(numbers[0]);
    if (unshare(flags | CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(kNoNamespaces);
    if ((flags & CLONE_NEWTIME) != 0) {
      FILE* offsets = fopen("/proc/self/timens_offsets", "w");
      if (offsets == nullptr) _exit(kNoNamespaces);
      std::fputs("boottime 1000 0", offsets);
      if (fclose(offsets) != 0) _exit(kNoNamespaces);
    }
    const pid_t child = fork();
    if (child == 0) {
      close(numbers[1]);
      if (proc == Proc::kOwn && mount("proc", "/proc", "proc", 0, nullptr) != 0)
        _exit(kNoNamespaces);
      if (proc == Proc::kNone && mount("none", "/proc", "tmpfs", 0, nullptr) != 0)
        _exit(kNoNamespaces);
      _exit(body());
    }
    if (write(numbers[1], &child, sizeof child) != sizeof child) _exit(kNoNamespaces);
    close(numbers[1]);
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  close(numbers[1]);
  Elsewhere elsewhere{0, waiter};
  if (read(numbers[0], &elsewhere.pid, sizeof elsewhere.pid) != sizeof elsewhere.pid)
    elsewhere.pid = 0;
  close(numbers[0]);
  return elsewhere;
}

// Runs it to its end.
inline int RunElsewhere(int flags, Proc proc, const std::function<int()>& body) {
  return StartElsewhere(flags, proc, body).Wait();
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_NAMESPACES_H_
