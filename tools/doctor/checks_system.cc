// What the bus stands on: how it waits, what it reads of other processes, where it keeps what has
// no other place, how it watches files.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/base/text.h"
#include "tools/doctor/checks.h"
#include "transports/engine/private_directory.h"

namespace jackfield::doctor {

Finding CheckIoUring(const Machine& machine) {
  Finding finding{.what = "io_uring", .value = "nodes wait with it"};
  const absl::Status status = machine.io_uring();
  if (status.ok()) return finding;
  finding.mark = Mark::kWarn;
  finding.value =
      Text("nodes wait with epoll, a little slower: ", Escaped(std::string(status.message())));
  const uint64_t disabled = machine.ReadNumber("/proc/sys/kernel/io_uring_disabled").value_or(0);
  if (absl::IsFailedPrecondition(status)) {
    finding.help = "unset JACKFIELD_REACTOR";
  } else if (disabled != 0) {
    finding.help = Text("sysctl -w kernel.io_uring_disabled=0 (it is ", disabled,
                        disabled == 1 ? "; or join the group kernel.io_uring_group)" : ")");
  } else {
    finding.help =
        "Linux 6.1 or newer; in a container, a seccomp profile that allows io_uring_setup";
  }
  return finding;
}

Finding CheckProc(const Machine& machine) {
  Finding finding{.what = "/proc", .value = "tells of processes and sockets"};
  for (const char* path : {"/proc/self/stat", "/proc/net/unix"}) {
    if (machine.Read(path)) continue;
    finding.mark = Mark::kFail;
    finding.value =
        Text(path, " cannot be read: nobody can tell who has died, ps and down find no wiring");
    finding.help = "mount -t proc proc /proc";
    break;
  }
  return finding;
}

Finding CheckRuntimeDirectory(const Machine& machine) {
  const std::string& path = machine.runtime_directory;
  Finding finding{.what = "runtime directory"};
  const std::string parent = path.substr(0, path.rfind('/') + 1);
  struct stat is {};
  if (lstat(path.c_str(), &is) != 0 && errno == ENOENT) {
    if (access(parent.c_str(), W_OK | X_OK) == 0) {
      finding.value = Text(Escaped(path), ", made when it is first needed");
      return finding;
    }
    const bool no_parent = errno == ENOENT;
    finding.mark = Mark::kFail;
    finding.value = Text(Escaped(path), " cannot be made: ", Escaped(parent),
                         no_parent ? " is not there" : " may not be written");
    finding.help =
        Text(no_parent ? Text("mkdir -p -m 700 ", Escaped(parent), ", or ") : std::string(),
             "XDG_RUNTIME_DIR=, a directory of this user's own");
    return finding;
  }
  const absl::StatusOr<OwnedFd> opened = OpenPrivateDirectory(path, "it is not usable");
  if (opened.ok()) {
    finding.value = Text(Escaped(path), ", private");
    return finding;
  }
  finding.mark = Mark::kFail;
  finding.value = Escaped(std::string(opened.status().message()));
  const bool own_directory = S_ISDIR(is.st_mode) && is.st_uid == geteuid();
  finding.help = own_directory ? Text("chmod 700 ", Escaped(path))
                               : std::string("XDG_RUNTIME_DIR=, a directory of this user's own");
  return finding;
}

Finding CheckInotifyInstances(const Machine& machine) {
  return CheckNumber(machine, {.name = "fs.inotify.max_user_instances",
                               .least = 16,
                               .below = "readers of mmap: and file: take one each",
                               .absent = "the kernel has no inotify: mmap: and file: cannot read"});
}

Finding CheckInotifyWatches(const Machine& machine) {
  return CheckNumber(machine, {.name = "fs.inotify.max_user_watches",
                               .least = 64,
                               .below = "readers of mmap: and file: take one each",
                               .absent = "the kernel has no inotify: mmap: and file: cannot read"});
}

}  // namespace jackfield::doctor
