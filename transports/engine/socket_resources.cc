#include "transports/engine/socket_resources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "transports/engine/file_age.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/owner.h"
#include "transports/engine/place_record.h"
#include "transports/engine/socket_path.h"

namespace jackfield {
namespace {

OwnedFd OpenLock(const std::string& socket) {
  return OwnedFd(
      open(SocketPath::LockOf(socket).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

bool IsSocketOf(const PlaceRecord& record) {
  struct stat is {};
  return IsStillThere(record) && lstat(record.place.c_str(), &is) == 0 && S_ISSOCK(is.st_mode) &&
         is.st_uid == geteuid();
}

// Is the lock that `fd` is open on still the one that the socket's server would take?
bool IsLockOf(int fd, const std::string& socket) {
  struct stat held {
  }, there{};
  return fstat(fd, &held) == 0 && stat(SocketPath::LockOf(socket).c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

class SocketResources final : public Resources {
 public:
  explicit SocketResources(std::string_view scheme) : scheme_(scheme) {}
  std::string_view scheme() const override { return scheme_; }

  std::vector<Resource> List() const override {
    std::vector<Resource> found;
    for (const PlaceRecord& record : PlaceRecordsOf(scheme_)) {
      const bool there = IsSocketOf(record);
      Resource resource{.what = there ? "socket" : "record of a socket that is gone",
                        .place = there ? record.place : record.path,
                        .owner = OwnerOf(record.maker),
                        .pid = record.pid()};
      resource.age_seconds = FileAgeSeconds(resource.place);
      if (there) {
        // Without its lock nothing tells whether it is somebody's.
        const OwnedFd lock = OpenLock(record.place);
        resource.owner = lock.ok() ? OwnerByLock(lock.get(), record.maker) : Owner::kUnknown;
        if (resource.owner == Owner::kLives) {
          if (const int owner = LockOwner(lock.get()); owner != 0) resource.pid = owner;
        }
      }
      found.push_back(std::move(resource));
    }
    return found;
  }

  absl::Status Remove(const Resource& resource) const override {
    for (const PlaceRecord& record : PlaceRecordsOf(scheme_)) {
      if (record.path == resource.place) {
        if (IsSocketOf(record)) return absl::FailedPreconditionError("it is there again");
        if (OwnerOf(record.maker) != Owner::kDead) return NotDead(record);
        RemoveLock(record);
        RemovePlaceRecord(record.path);
        return absl::OkStatus();
      }
      if (record.place == resource.place) return RemoveSocket(record);
    }
    return absl::FailedPreconditionError(
        Text(resource.place, " has gone, or is another program's by now"));
  }

 private:
  static absl::Status NotDead(const PlaceRecord& record) {
    return absl::FailedPreconditionError(
        Text("process ", record.pid(), ", which served at ", record.place,
             ", lives, or is in a place that cannot be seen from here"));
  }

  // Of a socket that is gone.
  static void RemoveLock(const PlaceRecord& record) {
    const OwnedFd lock = OpenLock(record.place);
    struct stat is {};
    if (lock.ok() && OwnerByLock(lock.get(), record.maker) == Owner::kDead &&
        fstat(lock.get(), &is) == 0 && S_ISREG(is.st_mode) && is.st_uid == geteuid() &&
        is.st_size == 0 && IsLockOf(lock.get(), record.place))
      unlink(SocketPath::LockOf(record.place).c_str());
  }

  static absl::Status RemoveSocket(const PlaceRecord& record) {
    const OwnedFd lock = OpenLock(record.place);
    if (!lock.ok()) return absl::FailedPreconditionError(Text(record.place, " has no lock"));
    // Held until all is gone, so that no server can take the path over meanwhile.
    const Owner owner = OwnerByLock(lock.get(), record.maker);
    if (owner == Owner::kUnknown) return NotDead(record);
    if (owner == Owner::kLives) {
      return absl::FailedPreconditionError(
          Text(record.place, " has an owner again: ", NameOfLockOwner(lock.get())));
    }
    if (!IsLockOf(lock.get(), record.place) || !IsSocketOf(record)) {
      return absl::FailedPreconditionError(Text(record.place, " has changed hands"));
    }
    unlink(record.place.c_str());
    unlink(SocketPath::LockOf(record.place).c_str());
    RemovePlaceRecord(record.path);
    return absl::OkStatus();
  }

  const std::string_view scheme_;
};

}  // namespace

std::unique_ptr<Resources> MakeSocketResources(std::string_view scheme) {
  return std::make_unique<SocketResources>(scheme);
}

}  // namespace jackfield
