// How much memory may still be taken before the system would kill somebody for it.
//
// Reserving shared memory beyond the limit of a memory cgroup is no error: the kernel kills a
// process of the group (posix_fallocate of a memfd, measured on Linux 6.18). So who reserves
// asks first.
//
// Blocks: reads some files below /proc and /sys.
#ifndef JACKFIELD_TRANSPORTS_SHM_MEMORY_ROOM_H_
#define JACKFIELD_TRANSPORTS_SHM_MEMORY_ROOM_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield {

struct MemoryRoom {
  uint64_t bytes = UINT64_MAX;
  std::string bound;  // what bounds it, for people: "memory cgroup /shop (memory.max)"
};

// The least of what is available in this machine, and in this process' memory cgroup and those
// above it. What cannot be read bounds nothing.
MemoryRoom FindMemoryRoom();

// The same within other directories: for tests. proc: "/proc", cgroup: "/sys/fs/cgroup".
MemoryRoom FindMemoryRoom(std::string_view proc, std::string_view cgroup);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_MEMORY_ROOM_H_
