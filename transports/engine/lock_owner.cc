#include "transports/engine/lock_owner.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "kernel/base/text.h"

namespace jackfield {

int TakeLock(int fd) {
  for (int tries = 0;; ++tries) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EINTR && (errno != EWOULDBLOCK || tries >= kTakeLockMs)) return errno;
    usleep(1000);
  }
}

int LockOwner(int fd) {
  struct stat is {};
  if (fstat(fd, &is) != 0) return 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> locks(fopen("/proc/locks", "re"), fclose);
  if (locks == nullptr) return 0;
  // "1: FLOCK  ADVISORY  WRITE 16770 fe:00:10952918 0 EOF" (proc_locks(5)).
  // On some file systems (btrfs, overlay) the device there is not the one that fstat tells; then
  // the inode alone has to do.
  int found = 0;
  char line[256];
  while (fgets(line, sizeof line, locks.get()) != nullptr) {
    int pid = 0;
    unsigned major_number = 0, minor_number = 0;
    unsigned long inode = 0;
    if (std::sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number, &minor_number,
                    &inode) == 4 &&
        inode == is.st_ino) {
      found = pid;
      if (makedev(major_number, minor_number) == is.st_dev) break;
    }
  }
  return found;
}

std::string NameOfLockOwner(int fd) {
  const int pid = LockOwner(fd);
  return pid > 0 ? Text("process ", pid) : "a process that cannot be seen from here";
}

}  // namespace jackfield
