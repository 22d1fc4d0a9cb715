#include "services/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <initializer_list>

namespace jackfield {

void OpenMissingStandardStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // Open the wrong way round: reading what can only be written to, and the other way, is EBADF.
    // It gets the number, the lowest that is free; if it cannot be had, so be it.
    [[maybe_unused]] const int taken = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace jackfield
