// Whether the owner of something lives: the one place where that is decided, for all that cleans
// up after others. What cannot be seen from here is unknown, and never dead: who is in another pid
// or IPC namespace, on another machine that shares the directory, hidden by /proc, or of a time
// that cannot be compared.
//
// The evidence is a lock (flock) that an owner holds for its life, or its name (engine/process.h).
// A lock is the better one: the system lets go of it with the process, and every process that can
// open the file can ask for it.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_OWNER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_OWNER_H_

#include <cerrno>

#include "kernel/loop/sys.h"
#include "transports/engine/process.h"
#include "transports/resources.h"

namespace jackfield {

using Owner = Resource::Owner;

// By its name alone.
Owner OwnerOf(const ProcessName& name);

// By the lock on the file that `fd` is open on. If it is free, it is taken, and held by `fd` from
// then on: nobody else can become the owner meanwhile. A file system on the network may not show
// here what is locked elsewhere: then `maker`, who made the file, decides. kUnknown also if the
// file system has no locks.
Owner OwnerByLock(int fd, const ProcessName& maker = {});

// A descriptor that becomes readable when that very process ends. Returns it, or -errno: -ESRCH, it
// has ended already; kProcessUnseen, it is not to be seen from here, so nothing would tell its end.
inline constexpr int kProcessUnseen = -EXDEV;
int WatchProcess(const Sys& sys, const ProcessName& name);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_OWNER_H_
