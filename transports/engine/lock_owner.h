// Who owns a file is told by a lock (flock) on it: taking one, and who holds it, by the system's
// own list, /proc/locks.
//
// Whoever only looks whether an owner lives, or removes what a dead one left, holds the lock for
// some microseconds; who means to own waits that out.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_

#include <string>

namespace jackfield {

inline constexpr int kTakeLockMs = 100;

// Takes the exclusive lock on the file that `fd` is open on. Returns 0, or an errno: EWOULDBLOCK,
// another owns it. Blocks: at most kTakeLockMs, while another holds it.
int TakeLock(int fd);

// The process that took the lock on the file that `fd` is open on; 0 if nobody holds one, or it
// cannot be seen from here (another pid namespace, no /proc).
int LockOwner(int fd);

// "process 4121", or "a process that cannot be seen from here".
std::string NameOfLockOwner(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_LOCK_OWNER_H_
