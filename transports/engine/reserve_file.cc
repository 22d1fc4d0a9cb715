#include "transports/engine/reserve_file.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>

namespace jackfield {
namespace {

constexpr uint64_t kStepBytes = 16 << 20;

}  // namespace

int ReserveFile(int fd, uint64_t offset, uint64_t bytes) {
  for (const uint64_t end = offset + bytes; offset < end;) {
    const uint64_t step_bytes = std::min(kStepBytes, end - offset);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error =
        posix_fallocate(fd, static_cast<off_t>(offset), static_cast<off_t>(step_bytes));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // Still possible: a file system on another machine, a signal that cannot be held off.
    if (error != 0 && error != EINTR) return error;
    if (error == 0) offset += step_bytes;
  }
  return 0;
}

}  // namespace jackfield
