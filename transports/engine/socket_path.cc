#include "transports/engine/socket_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/sys.h"
#include "kernel/text.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<SocketPath>> SocketPath::Claim(std::string path,
                                                              std::string_view what) {
  constexpr int kTries = 8;
  const std::string lock = path + ".lock";
  std::unique_ptr<SocketPath> claimed;
  for (int tries = 0; claimed == nullptr; ++tries) {
    if (tries == kTries) return absl::UnavailableError(Text(what, ": ", lock, " keeps changing"));
    const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return SysError(errno, Text("open ", lock));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      close(fd);
      return absl::AlreadyExistsError(Text(what, ": another program serves there (it holds ", lock,
                                           "): stop it or choose another path"));
    }
    struct stat held {
    }, there{};
    if (fstat(fd, &held) == 0 && stat(lock.c_str(), &there) == 0 && held.st_ino == there.st_ino) {
      claimed.reset(new SocketPath(path, fd));
    } else {
      close(fd);  // its last holder removed it meanwhile
    }
  }
  struct stat there {};
  if (lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode) || there.st_uid != geteuid()) {
      return absl::AlreadyExistsError(
          Text(what, ": there is something that is not a socket of this user; it is left alone"));
    }
    unlink(path.c_str());  // nobody holds the lock, so its server is dead
  }
  return claimed;
}

SocketPath::~SocketPath() {
  if (bound_) unlink(path_.c_str());
  unlink((path_ + ".lock").c_str());
  close(lock_fd_);
}

void SocketPath::SetBound(mode_t mode) {
  bound_ = true;
  chmod(path_.c_str(), mode);
}

}  // namespace jackfield
