#include "transports/engine/private_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield {

namespace {

absl::StatusOr<OwnedFd> OpenDirectory(const std::string& path, const std::string& what,
                                      struct stat& is) {
  OwnedFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok() && (errno == ENOTDIR || errno == ELOOP)) {
    return absl::InvalidArgumentError(
        Text(what, ": ", path, " is not a directory, or a symlink to one, which is not followed"));
  }
  if (!fd.ok()) {
    return SysError(errno, Text(what, ": open the directory ", path, " (mkdir -m 700 makes it)"));
  }
  if (fstat(fd.get(), &is) != 0) return SysError(errno, Text(what, ": look at ", path));
  return fd;
}

absl::Status BelongsTo(const struct stat& is, const std::string& path, const std::string& what) {
  return Refused(Reason::kPermission,
                 Text(what, ": the directory ", path, " belongs to uid ", is.st_uid,
                      ", not to this program's ", geteuid(), "; choose one of its own"));
}

}  // namespace

absl::StatusOr<OwnedFd> OpenPrivateDirectory(const std::string& path, const std::string& what) {
  struct stat is {};
  absl::StatusOr<OwnedFd> fd = OpenDirectory(path, what, is);
  if (!fd.ok()) return fd.status();
  if (is.st_uid != geteuid()) return BelongsTo(is, path, what);
  if ((is.st_mode & 077) != 0) {
    return Refused(Reason::kPermission,
                   Text(what, ": the directory ", path,
                        " is open to other users, and must not be; choose one that is not (mkdir "
                        "-m 700 …), or close it (chmod 700 ",
                        path, ")"));
  }
  return fd;
}

absl::StatusOr<OwnedFd> OpenGuardedDirectory(const std::string& path, const std::string& what) {
  struct stat is {};
  absl::StatusOr<OwnedFd> fd = OpenDirectory(path, what, is);
  if (!fd.ok()) return fd.status();
  if (is.st_uid != geteuid() && is.st_uid != 0) return BelongsTo(is, path, what);
  if ((is.st_mode & 022) != 0 && (is.st_mode & S_ISVTX) == 0) {
    return Refused(Reason::kPermission,
                   Text(what, ": other users may write in the directory ", path,
                        ", and could put something in the way; choose one in which they may not "
                        "(mkdir -m 700 …), or forbid it (chmod go-w ",
                        path, ")"));
  }
  return fd;
}

std::string RuntimeDirectory() {
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/') return Text(runtime, "/jackfield");
  return Text("/tmp/jackfield-", geteuid());
}

absl::StatusOr<OwnedFd> MakeRuntimeDirectory() {
  const std::string path = RuntimeDirectory();
  const bool made = mkdir(path.c_str(), 0700) == 0;
  if (!made && errno == ENOENT) {
    return absl::FailedPreconditionError(
        Text("make the directory ", path, ": ", getenv("XDG_RUNTIME_DIR"),
             ", which XDG_RUNTIME_DIR names, is not there; make it, or unset XDG_RUNTIME_DIR and a "
             "directory in /tmp is taken"));
  }
  if (!made && errno != EEXIST) {
    return SysError(errno, Text("make the directory ", path,
                                getenv("XDG_RUNTIME_DIR") == nullptr
                                    ? ""
                                    : " (XDG_RUNTIME_DIR must name a directory of this user; "
                                      "without it, one in /tmp is taken)"));
  }
  absl::StatusOr<OwnedFd> fd = OpenPrivateDirectory(path, "the place for what has no other");
  if (made && !fd.ok()) RemoveRuntimeDirectoryIfEmpty();  // no descriptor was left for it
  return fd;
}

void MakeRuntimeDirectoryFor(const std::string& path) {
  if (path.substr(0, path.rfind('/')) == RuntimeDirectory()) MakeRuntimeDirectory().IgnoreError();
}

void RemoveRuntimeDirectoryIfEmpty() { rmdir(RuntimeDirectory().c_str()); }

}  // namespace jackfield
