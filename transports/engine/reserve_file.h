// Takes room in a file or a memfd, so that what is written into its mapping later cannot fail.
//
// A signal breaks fallocate off on tmpfs and memfds, and what it had taken is given back
// (shmem_fallocate): under a timer's signals one large call might begin anew for ever. So signals
// are held off, for a step at a time.
//
// Thread: any. Blocks: while the system looks for the room.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RESERVE_FILE_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RESERVE_FILE_H_

#include <cstdint>

namespace jackfield {

// The file then has room for `bytes` from `offset` on, and is at least so long. Returns 0 or an
// errno (ENOSPC, EFBIG …); part of the room may be taken then. A step begins at a multiple of a
// huge page if `offset` does.
int ReserveFile(int fd, uint64_t offset, uint64_t bytes);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RESERVE_FILE_H_
