// What one process, its user and its control groups may have.
#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/memory_limit.h"
#include "tools/doctor/checks.h"

namespace jackfield::doctor {
namespace {

constexpr uint64_t kDescriptorsFew = 1024, kDescriptorsTooFew = 64;
constexpr uint64_t kTasksFew = 64, kTasksTooFew = 8;
constexpr uint64_t kPendingSignalsFew = 64;
constexpr uint64_t kProcessesFew = 64;
constexpr uint64_t kLockedBytesFew = 8 << 20;          // both lanes of one shm: client, 4 MiB each
constexpr uint64_t kMemoryBytesTooFew = 16 << 20;      // no program of the bus fits in less
constexpr uint64_t kNoLimitBytes = uint64_t{1} << 60;  // control groups of version 1 have no "max"
constexpr uint64_t kSharedBytesFew = 1 << 20;

std::string Shown(uint64_t value, bool is_bytes = false) {
  return value == UINT64_MAX ? "unlimited" : is_bytes ? FormatBytes(value) : Text(value);
}

// What a limit is called in three places.
struct Names {
  std::string_view limit;  // "RLIMIT_NOFILE"
  std::string_view proc;   // "Max open files"
  std::string_view flag;   // of ulimit: "-n"
  uint64_t unit = 1;       // of that flag, in those of the limit
  bool is_bytes = false;
};

struct Bound {
  uint64_t few = 0;      // below: kWarn
  uint64_t too_few = 0;  // below: kFail
  std::string_view below;
};

Finding CheckLimit(const Machine& machine, const Names& names, const Bound& bound) {
  Finding finding{.what = std::string(names.limit)};
  const std::optional<Limit> limit = LimitOf(machine, names.proc);
  if (!limit) {
    finding.mark = Mark::kWarn;
    finding.value = "/proc/self/limits does not tell it";
    return finding;
  }
  finding.value = Shown(limit->soft, names.is_bytes);
  if (limit->soft < limit->hard)
    finding.value += Text(", up to ", Shown(limit->hard, names.is_bytes));
  if (limit->soft >= bound.few) return finding;
  finding.mark = limit->soft < bound.too_few ? Mark::kFail : Mark::kWarn;
  finding.value += Text("; less than ", Shown(bound.few, names.is_bytes), ": ", bound.below);
  finding.help = Text("ulimit ", names.flag, " ", bound.few / names.unit);
  if (limit->hard < bound.few)
    finding.help += ", once root has raised the hard limit (limits.conf(5), systemd.exec(5))";
  return finding;
}

}  // namespace

Finding CheckDescriptors(const Machine& machine) {
  return CheckLimit(
      machine, {"RLIMIT_NOFILE", "Max open files", "-n"},
      {kDescriptorsFew, kDescriptorsTooFew,
       "each client of a service takes one or more; limits = { nofile = N } raises it "
       "for one service"});
}

Finding CheckLockedMemory(const Machine& machine) {
  return CheckLimit(machine, {"RLIMIT_MEMLOCK", "Max locked memory", "-l", 1024, true},
                    {kLockedBytesFew, 0, "shm: with ?lock may lack memory"});
}

Finding CheckPendingSignals(const Machine& machine) {
  return CheckLimit(machine, {"RLIMIT_SIGPENDING", "Max pending signals", "-i"},
                    {kPendingSignalsFew, 0, "signal: pushes back early"});
}

Finding CheckProcesses(const Machine& machine) {
  return CheckLimit(machine, {"RLIMIT_NPROC", "Max processes", "-u"},
                    {kProcessesFew, 0, "each service is a process, and all of this user count"});
}

Finding CheckTasksOfGroups(const Machine& machine) {
  Finding finding{.what = "pids of the control group", .value = "not limited"};
  const Tasks tasks = TasksOfGroups(machine);
  if (tasks.max == UINT64_MAX) return finding;
  finding.value = Text(tasks.now, " of ", tasks.max);
  if (tasks.room() >= kTasksFew) return finding;
  finding.mark = tasks.room() < kTasksTooFew ? Mark::kFail : Mark::kWarn;
  finding.value += Text("; there is room for ", tasks.room(), " more: each service takes one");
  finding.help = "more pids.max: docker run --pids-limit N, or TasksMax=N of systemd";
  return finding;
}

Finding CheckMemory(const Machine& machine) {
  Finding finding{.what = "memory (control group, RLIMIT_AS)", .value = "not limited"};
  const uint64_t limit_bytes =
      MemoryLimitBytes({machine.root + "/proc/self/cgroup", machine.root + "/sys/fs/cgroup"});
  if (limit_bytes >= kNoLimitBytes) return finding;
  finding.value = FormatBytes(limit_bytes);
  const uint64_t for_messages = DefaultMemoryBytes(limit_bytes);
  if (for_messages >= kMemoryBytesMaxDefault) return finding;
  finding.mark = limit_bytes < kMemoryBytesTooFew ? Mark::kFail : Mark::kWarn;
  finding.value += Text("; all services of a wiring share ", FormatBytes(for_messages),
                        " for messages instead of ", FormatBytes(kMemoryBytesMaxDefault), " each");
  finding.help =
      "more memory.max: docker run --memory, MemoryMax= of systemd; or limits = { memory = \"…\" }";
  return finding;
}

Finding CheckSharedMemoryFiles(const Machine& machine) {
  Finding finding{.what = "/dev/shm"};
  const std::optional<Space> space = machine.space(machine.root + "/dev/shm");
  if (!space) {
    finding.mark = Mark::kWarn;
    finding.value =
        "is not there: programs of others need it; shm: does not, its memory is a memfd";
    finding.help = "mount -t tmpfs -o mode=1777 tmpfs /dev/shm";
    return finding;
  }
  finding.value =
      Text(FormatBytes(space->bytes), ", ", FormatBytes(space->free_bytes), " of it free");
  if (space->free_bytes >= kSharedBytesFew) return finding;
  finding.mark = Mark::kWarn;
  finding.value += ": what lies in it is memory that shm: may lack, too";
  finding.help = "ls -l /dev/shm, and remove what nobody needs";
  return finding;
}

}  // namespace jackfield::doctor
