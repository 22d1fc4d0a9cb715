// Who holds a lock (flock) on an open file: by the system's own list, /proc/locks.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_

#include <string>

namespace jackfield {

// The process that took the lock on the file that `fd` is open on; 0 if nobody holds one, or it
// cannot be seen from here (another pid namespace, no /proc).
int LockOwner(int fd);

// "process 4121", or "a process that cannot be seen from here".
std::string NameOfLockOwner(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_
