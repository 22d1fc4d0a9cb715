#include "transports/engine/owner.h"

#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <iterator>

namespace jackfield {
namespace {

// Of file systems that may be those of another machine, statfs(2): 9p, AFS, Ceph, CIFS, Coda, FUSE,
// GPFS, Lustre, NFS, SMB, SMB 2.
constexpr uint32_t kOnTheNetwork[] = {0x01021997, 0x5346414f, 0x00c36400, 0xff534d42,
                                      0x73757245, 0x65735546, 0x47504653, 0x0bd00bd0,
                                      0x00006969, 0x0000517b, 0xfe534d42};

bool MayBeShared(int fd) {
  struct statfs is {};
  return fstatfs(fd, &is) != 0 ||
         std::find(std::begin(kOnTheNetwork), std::end(kOnTheNetwork),
                   static_cast<uint32_t>(is.f_type)) != std::end(kOnTheNetwork);
}

}  // namespace

Owner OwnerOf(const ProcessName& name) {
  if (name.pid <= 0 || name.pid > INT_MAX || name.where == 0 || name.where != PidNamespace())
    return Owner::kUnknown;
  const ProcessSeen seen = LookAtProcess(name.pid);
  if (seen.state == ProcessSeen::State::kEnded) return Owner::kDead;
  if (seen.state == ProcessSeen::State::kHidden || seen.start_ticks == 0 || name.start_ticks == 0)
    return Owner::kUnknown;
  return seen.start_ticks == name.start_ticks ? Owner::kLives : Owner::kDead;
}

Owner OwnerByLock(int fd, const ProcessName& maker) {
  int taken;
  do {
    taken = flock(fd, LOCK_EX | LOCK_NB);
  } while (taken != 0 && errno == EINTR);
  if (taken != 0) return errno == EWOULDBLOCK ? Owner::kLives : Owner::kUnknown;
  return MayBeShared(fd) ? OwnerOf(maker) : Owner::kDead;
}

int WatchProcess(const Sys& sys, const ProcessName& name) {
  if (name.where == 0 || name.where != PidNamespace()) return kProcessUnseen;
  const int fd = sys.PidFd(static_cast<int>(name.pid));
  if (fd < 0) return fd;
  errno = 0;
  const Owner now = OwnerOf(name);
  const int error = errno;
  if (now == Owner::kLives) return fd;  // and the descriptor is of no later one
  close(fd);
  // Without a descriptor to look by, nothing was seen of it.
  if (now == Owner::kUnknown && (error == EMFILE || error == ENFILE)) return -error;
  return now == Owner::kDead ? -ESRCH : kProcessUnseen;
}

}  // namespace jackfield
