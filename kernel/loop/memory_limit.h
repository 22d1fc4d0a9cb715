// How much memory this process may use, as far as the system says: the limits of its memory control
// groups (version 2 or 1, and of all above them), and RLIMIT_AS.
//
// Blocks: it reads a few files of /proc and /sys; once, when a node is made.
#ifndef JACKFIELD_KERNEL_LOOP_MEMORY_LIMIT_H_
#define JACKFIELD_KERNEL_LOOP_MEMORY_LIMIT_H_

#include <cstdint>
#include <string>

namespace jackfield {

struct MemoryLimitPlaces {  // others in tests
  std::string own_groups = "/proc/self/cgroup";
  std::string groups = "/sys/fs/cgroup";
};

// The least of them; UINT64_MAX where nothing is limited or nothing can be read.
uint64_t MemoryLimitBytes(const MemoryLimitPlaces& places = {});

inline constexpr uint64_t kMemoryBytesMaxDefault = 256 << 20;
// Message memory of a node that is not told how much: half of what the process may use, for the
// program needs some itself; never more than kMemoryBytesMaxDefault.
uint64_t DefaultMemoryBytes(uint64_t limit_bytes = MemoryLimitBytes());

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_MEMORY_LIMIT_H_
