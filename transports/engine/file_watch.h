// A descriptor that becomes readable when a file is written to, cut or removed, for readers that
// follow it (inotify(7)). It sees write calls of this machine: not stores to a mapping, nor what
// another machine writes to a shared file system.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_FILE_WATCH_H_
#define JACKFIELD_TRANSPORTS_ENGINE_FILE_WATCH_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

// Watches the open file, whatever its name is by now. what: for errors, "the log /srv/log".
// Errors: RESOURCE_EXHAUSTED (RLIMIT_NOFILE, fs.inotify.max_user_instances, …max_user_watches).
absl::StatusOr<OwnedFd> WatchFile(int fd, std::string_view what);

// Reads it empty: it is readable again when something is written after this.
void ClearFileWatch(int watch_fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_FILE_WATCH_H_
