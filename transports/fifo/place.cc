#include "transports/fifo/place.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"
#include "transports/engine/connect_error.h"
#include "transports/engine/lock_owner.h"
#include "transports/engine/owner.h"
#include "transports/engine/private_directory.h"

namespace jackfield {
namespace {

constexpr int kTriesMax = 16;  // of names that others make and remove at the same time

absl::Status NotOurs(const std::string& what, std::string_view is) {
  return absl::FailedPreconditionError(
      Text(what, ": there is ", is,
           ", and not a FIFO of this user's own; it is left alone: "
           "move it away or choose another path"));
}

absl::Status CheckIs(const struct stat& is, const std::string& what) {
  if (S_ISLNK(is.st_mode)) return NotOurs(what, "a symlink");
  if (S_ISDIR(is.st_mode)) return NotOurs(what, "a directory");
  if (S_ISSOCK(is.st_mode)) return NotOurs(what, "a socket");
  if (!S_ISFIFO(is.st_mode)) return NotOurs(what, "a file or a device");
  if (is.st_uid != geteuid()) return NotOurs(what, Text("a FIFO of uid ", is.st_uid));
  if (is.st_nlink > 1) return NotOurs(what, Text("a FIFO with ", is.st_nlink, " names"));
  return absl::OkStatus();
}

bool SameFile(int directory_fd, const std::string& name, int fd) {
  struct stat held {
  }, there{};
  return fstat(fd, &held) == 0 &&
         fstatat(directory_fd, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

}  // namespace

absl::StatusOr<FifoPlace> OpenFifoPlace(const std::string& path, const std::string& what) {
  const size_t slash = path.rfind('/');
  absl::StatusOr<OwnedFd> directory =
      OpenGuardedDirectory(slash == 0 ? "/" : path.substr(0, slash), what);
  if (!directory.ok()) return directory.status();
  return FifoPlace{*std::move(directory), path.substr(slash + 1), what};
}

absl::StatusOr<OwnedFd> OpenFifo(int directory_fd, const std::string& name, int flags,
                                 const std::string& what) {
  // Looked at before it is opened, because opening a device may do something; and after, because
  // it may have been changed between.
  struct stat is {};
  if (fstatat(directory_fd, name.c_str(), &is, AT_SYMLINK_NOFOLLOW) != 0)
    return ConnectError(errno, Text("open ", what));
  if (absl::Status status = CheckIs(is, what); !status.ok()) return status;
  OwnedFd fd(
      openat(directory_fd, name.c_str(), flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY));
  if (!fd.ok() && errno == ENXIO) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text("open ", what, ": nobody reads that FIFO; is the service running?"));
  }
  if (!fd.ok()) return ConnectError(errno, Text("open ", what));
  if (fstat(fd.get(), &is) != 0) return SysError(errno, Text("look at ", what));
  // Its name may be gone already: no harm.
  if (absl::Status status = CheckIs(is, what); !status.ok()) return status;
  return fd;
}

absl::StatusOr<OwnedFd> OwnFifo(const FifoPlace& place) {
  const int directory_fd = place.directory.get();
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (mkfifoat(directory_fd, place.name.c_str(), 0600) != 0 && errno != EEXIST)
      return SysError(errno, Text("make ", place.what));
    absl::StatusOr<OwnedFd> fd = OpenFifo(directory_fd, place.name, O_RDWR, place.what);
    if (!fd.ok()) {
      if (ReasonOf(fd.status()) == Reason::kUnreachable) continue;  // removed meanwhile
      return fd.status();
    }
    if (const int error = TakeLock(fd->get()); error != 0) {
      if (error != EWOULDBLOCK) return SysError(error, Text("lock ", place.what));
      return absl::AlreadyExistsError(Text(place.what, ": another program serves there (",
                                           NameOfLockOwner(fd->get()),
                                           "): stop it or choose another path"));
    }
    // Its last owner may have removed the name before the lock was had.
    if (SameFile(directory_fd, place.name, fd->get())) return fd;
  }
  return absl::UnavailableError(Text(place.what, ": that name keeps changing"));
}

absl::StatusOr<OwnedFd> MakeOwnFifo(int directory_fd, const std::string& name, int flags,
                                    const std::string& what) {
  if (mkfifoat(directory_fd, name.c_str(), 0600) != 0)
    return SysError(errno, Text("make a private FIFO for ", what));
  // Nobody opens a FIFO for writing before somebody reads it.
  absl::StatusOr<OwnedFd> fd = OpenFifo(directory_fd, name, O_RDONLY, what);
  if (fd.ok() && flags == O_WRONLY) {
    const OwnedFd reader = *std::move(fd);
    fd = OpenFifo(directory_fd, name, O_WRONLY, what);
  }
  if (!fd.ok()) {
    unlinkat(directory_fd, name.c_str(), 0);
    return fd.status();
  }
  if (TakeLock(fd->get()) != 0 || !SameFile(directory_fd, name, fd->get())) {
    return MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                      Text(what, ": the private FIFO was taken for a dead client's"));
  }
  return fd;
}

void UnlinkIfSame(int directory_fd, const std::string& name, int fd) {
  if (SameFile(directory_fd, name, fd)) unlinkat(directory_fd, name.c_str(), 0);
}

PrivateNames PrivateNamesOf(const unsigned char (&nonce)[16]) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string name(kPrivatePrefix);
  for (const unsigned char byte : nonce) {
    name += kDigits[byte >> 4];
    name += kDigits[byte & 15];
  }
  return {name + "-up", name + "-down"};
}

int PidOfPrivateName(std::string_view name) {
  unsigned pid = 0;
  const std::string digits(name.substr(std::min(name.size(), kPrivatePrefix.size()), 8));
  return std::sscanf(digits.c_str(), "%8x", &pid) == 1 ? static_cast<int>(pid) : 0;
}

int SweepDeadFifos(int directory_fd, std::string_view prefix) {
  // Read from a descriptor of its own: the place in a directory belongs to the open file.
  const int copy = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = copy < 0 ? nullptr : fdopendir(copy);
  if (directory == nullptr) {
    if (copy >= 0) close(copy);
    return 0;
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name.substr(0, prefix.size()) == prefix) names.emplace_back(name);
  }
  closedir(directory);
  int count = 0;
  for (const std::string& name : names) {
    const absl::StatusOr<OwnedFd> fd = OpenFifo(directory_fd, name, O_RDONLY, name);
    if (fd.ok() && OwnerByLock(fd->get()) == Owner::kDead) {
      UnlinkIfSame(directory_fd, name, fd->get());
      ++count;
    }
  }
  return count;
}

}  // namespace jackfield
