#include "transports/engine/socket_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/place_record.h"

namespace jackfield {
namespace {

// A socket is there that was made without our lock: is it somebody's? Only a refusal says no; a
// socket of another type answers with another error.
bool SomebodyListens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return true;
  std::memcpy(address.sun_path, path.data(), path.size());
  const OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  return !fd.ok() ||
         connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         errno != ECONNREFUSED;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SocketPath>> SocketPath::Claim(std::string path,
                                                              std::string_view what) {
  constexpr int kTries = 8;
  const std::string lock = LockOf(path);
  std::unique_ptr<SocketPath> claimed;
  bool made = false;  // no server of ours has been here, or it has gone in peace
  for (int tries = 0; claimed == nullptr; ++tries) {
    if (tries == kTries) return absl::UnavailableError(Text(what, ": ", lock, " keeps changing"));
    int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    made = fd >= 0;
    if (fd < 0 && errno == EEXIST) {
      fd = open(lock.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
      if (fd < 0 && errno == ENOENT) continue;  // its last holder removed it in between
    }
    if (fd < 0 && errno == ENOENT) {
      return Refused(Reason::kUnreachable,
                     Text(what, ": there is no directory for it: mkdir -p ",
                          std::filesystem::path(path).parent_path().string()));
    }
    if (fd < 0) return SysError(errno, Text("open ", lock));
    if (const int error = TakeLock(fd); error != 0) {
      const std::string owner = NameOfLockOwner(fd);
      close(fd);
      if (error != EWOULDBLOCK) {  // a file system without locks
        if (made) unlink(lock.c_str());
        return SysError(error, Text(what, ": lock ", lock));
      }
      return absl::AlreadyExistsError(Text(what, ": another program serves there (", owner,
                                           ", which holds ", lock,
                                           "): stop it or choose another path"));
    }
    struct stat held {
    }, there{};
    if (fstat(fd, &held) == 0 && stat(lock.c_str(), &there) == 0 && held.st_ino == there.st_ino) {
      claimed.reset(new SocketPath(path, fd, std::string(what)));
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
    if (made && SomebodyListens(path)) {
      return absl::AlreadyExistsError(
          Text(what, ": another program, not one of the bus, listens there; it is left alone"));
    }
    unlink(path.c_str());  // nobody holds the lock, so its server is dead
  }
  return claimed;
}

SocketPath::~SocketPath() {
  if (bound_) unlink(path_.c_str());
  RemovePlaceRecord(record_);
  unlink(LockOf(path_).c_str());
  close(lock_fd_);
}

absl::Status SocketPath::SetBound(std::string_view scheme, const PathPermissions& permissions) {
  bound_ = true;
  const std::string place = std::filesystem::absolute(path_).string();
  RemovePlaceRecordsOf(scheme, place);
  record_ = MakePlaceRecord(scheme, place);
  return SetPathPermissions(permissions, path_, what_);
}

}  // namespace jackfield
