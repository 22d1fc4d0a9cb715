// The machine as the checks see it: files of /proc and /sys, and what only the system itself can
// say. Tests give a root of their own, and other answers.
//
// Thread: any. Nothing here changes anything.
#ifndef JACKFIELD_TOOLS_DOCTOR_MACHINE_H_
#define JACKFIELD_TOOLS_DOCTOR_MACHINE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "transports/engine/private_directory.h"

namespace jackfield::doctor {

struct Space {
  uint64_t bytes = 0, free_bytes = 0;
};

// OK, or why a node that is made now would wait with epoll.
absl::Status TryIoUring();
// Of the file system at `path`; none: there is no such directory.
std::optional<Space> SpaceOf(const std::string& path);

struct Machine {
  std::string root = {};  // stands in front of /proc, /sys and /dev
  std::string runtime_directory = RuntimeDirectory();
  absl::Status (*io_uring)() = TryIoUring;
  std::optional<Space> (*space)(const std::string& path) = SpaceOf;

  // All of a file, at most 64 KiB of it; none: it cannot be read. path: "/proc/…".
  std::optional<std::string> Read(std::string_view path) const;
  // UINT64_MAX for "max" and "unlimited"; none: it cannot be read, or is no number.
  std::optional<uint64_t> ReadNumber(std::string_view path) const;
};

// One resource limit of this process, as /proc/self/limits names it: "Max open files".
// UINT64_MAX: unlimited.
struct Limit {
  uint64_t soft = 0, hard = 0;
};
std::optional<Limit> LimitOf(const Machine& machine, std::string_view name);

// How many tasks the control groups of this process leave: of the one with the least room.
struct Tasks {
  uint64_t max = UINT64_MAX, now = 0;  // UINT64_MAX: none of them limits it
  uint64_t room() const { return max == UINT64_MAX ? max : max - (now < max ? now : max); }
};
Tasks TasksOfGroups(const Machine& machine);

}  // namespace jackfield::doctor

#endif  // JACKFIELD_TOOLS_DOCTOR_MACHINE_H_
