#include "transports/engine/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kernel/text.h"

namespace jackfield {

ProcessName ThisProcess() { return ProcessWithPid(getpid()); }

ProcessName ProcessWithPid(int64_t pid) {
  ProcessName name{pid, 0};
  const int fd = open(Text("/proc/", pid, "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return name;
  char text[1024];
  const ssize_t bytes = read(fd, text, sizeof text - 1);
  close(fd);
  if (bytes <= 0) return name;
  text[bytes] = '\0';
  // The second field is the program's name in brackets, which may itself hold spaces and brackets.
  std::string_view rest(text);
  const size_t bracket = rest.rfind(')');
  if (bracket == std::string_view::npos) return name;
  rest.remove_prefix(bracket + 1);
  if (rest.size() > 1 && (rest[1] == 'Z' || rest[1] == 'X')) return name;  // dead, not yet buried
  for (int field = 3; field < 22 && !rest.empty(); ++field) {  // " S 1 …": to field 22
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  }
  name.start_ticks = std::strtoull(rest.data(), nullptr, 10);
  return name;
}

int WatchProcess(const Sys& sys, const ProcessName& name) {
  const int fd = sys.PidFd(static_cast<int>(name.pid));
  if (fd < 0) return fd;
  errno = 0;
  const ProcessName now = ProcessWithPid(name.pid);
  const int error = errno;
  if (now == name) return fd;  // and the descriptor is of no later one
  close(fd);
  // Without a descriptor to look by, nothing was seen of it.
  return now.start_ticks == 0 && (error == EMFILE || error == ENFILE) ? -error : -ESRCH;
}

}  // namespace jackfield
