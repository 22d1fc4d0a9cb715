#include "transports/unix/path_server.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/sys.h"
#include "kernel/text.h"

namespace jackfield {

PathServer::~PathServer() {
  inner_.reset();
  if (bound_) unlink(path_.c_str());
  unlink((path_ + ".lock").c_str());
  close(lock_fd_);
}

absl::StatusOr<std::unique_ptr<PathServer>> PathServer::Lock(const std::string& path) {
  const std::string lock = path + ".lock";
  std::unique_ptr<PathServer> locked;
  for (int tries = 0; tries < 8 && locked == nullptr; ++tries) {
    const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return SysError(errno, Text("open ", lock));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      close(fd);
      return absl::AlreadyExistsError(Text("unix:", path,
                                           ": another program serves there (it holds ", lock,
                                           "): stop it or choose another path"));
    }
    struct stat held {
    }, there{};
    if (fstat(fd, &held) == 0 && stat(lock.c_str(), &there) == 0 && held.st_ino == there.st_ino) {
      locked = std::make_unique<PathServer>(path, fd);
    } else {
      close(fd);  // its last holder removed it meanwhile
    }
  }
  if (locked == nullptr)
    return absl::UnavailableError(Text("unix:", path, ": the lock file keeps changing"));
  struct stat there {};
  if (lstat(path.c_str(), &there) != 0) return locked;
  if (!S_ISSOCK(there.st_mode) || there.st_uid != geteuid()) {
    return absl::AlreadyExistsError(Text(
        "unix:", path, ": there is something that is not a socket of this user; it is left alone"));
  }
  unlink(path.c_str());  // nobody holds the lock, so its server is dead
  return locked;
}

}  // namespace jackfield
