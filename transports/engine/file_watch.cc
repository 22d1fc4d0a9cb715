#include "transports/engine/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield {

absl::StatusOr<OwnedFd> WatchFile(int fd, std::string_view what) {
  OwnedFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.ok()) {
    return SysError(errno, errno == EMFILE
                               ? "inotify_init (RLIMIT_NOFILE or fs.inotify.max_user_instances)"
                               : "inotify_init");
  }
  // By the open file, not its name, which may be another file's by now.
  const std::string self = Text("/proc/self/fd/", fd);
  if (inotify_add_watch(watch.get(), self.c_str(), IN_MODIFY | IN_ATTRIB) < 0) {
    return SysError(errno, Text("watch ", what, " (fs.inotify.max_user_watches limits how many)"));
  }
  return watch;
}

void ClearFileWatch(int watch_fd) {
  char events[4096];
  while (read(watch_fd, events, sizeof events) > 0) {
  }
}

}  // namespace jackfield
