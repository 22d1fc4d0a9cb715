#include "tools/supervisor/detach.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "kernel/loop/sys.h"

namespace jackfield {
namespace {

// While the wiring comes up, ^C is for it.
volatile sig_atomic_t g_child = 0;
void PassOn(int number) {
  const pid_t child = g_child;
  if (child > 0) kill(child, number);
}

// All that the child says, until nobody can write any more.
void Copy(int from) {
  char bytes[4096];
  for (;;) {
    const ssize_t got = read(from, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    [[maybe_unused]] const ssize_t written = write(2, bytes, static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<Detached> Detach() {
  int said[2], told[2];
  if (pipe2(said, O_CLOEXEC) != 0) return SysError(errno, "pipe");
  OwnedFd said_read(said[0]), said_write(said[1]);
  if (pipe2(told, O_CLOEXEC) != 0) return SysError(errno, "pipe");
  OwnedFd told_read(told[0]), told_write(told[1]);
  const OwnedFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.ok()) return SysError(errno, "open /dev/null");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return SysError(errno, "fork");
  if (child == 0) {
    setsid();
    dup2(nothing.get(), 0);
    dup2(nothing.get(), 1);
    dup2(said_write.get(), 2);
    return Detached{std::nullopt, std::move(told_write)};
  }
  g_child = child;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) signal(number, PassOn);
  said_write.Close();
  told_write.Close();
  Copy(said_read.get());
  char up = 0;
  ssize_t got = 0;
  while ((got = read(told_read.get(), &up, 1)) < 0 && errno == EINTR) {
  }
  if (got == 1) return Detached{0, {}};
  int status = 0;  // it has closed all that it had: it ends
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return Detached{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), {}};
}

void LetGo(OwnedFd parent) {
  [[maybe_unused]] const ssize_t written = write(parent.get(), "u", 1);
  const OwnedFd nothing(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (nothing.ok()) dup2(nothing.get(), 2);
}

}  // namespace jackfield
