#include "transports/engine/stream/pipe_fds.h"

#include <fcntl.h>
#include <signal.h>

namespace jackfield {
namespace {

constexpr int kPipeBytes = 256 << 10;

}  // namespace

void PreparePipeForWriting(int fd) {
  fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
  struct sigaction now {};
  if (sigaction(SIGPIPE, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
      now.sa_handler == SIG_DFL)
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace jackfield
