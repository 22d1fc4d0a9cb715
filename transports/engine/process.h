// A process, named so that a number used again is not mistaken for it: its pid and its start time.
// What outlives a process in the system carries this name (transports/README.md).
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_

#include <cstdint>

#include "kernel/sys.h"

namespace jackfield {

struct ProcessName {
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat, proc(5): clock ticks since boot

  friend bool operator==(const ProcessName&, const ProcessName&) = default;
};

ProcessName ThisProcess();

// The name of the process that has `pid` now; start_ticks is 0 if there is none, or only a dead
// one.
ProcessName ProcessWithPid(int64_t pid);

// A descriptor that becomes readable when that very process ends. Returns it, or -errno: -ESRCH, it
// has ended already (or is in another pid namespace).
int WatchProcess(const Sys& sys, const ProcessName& name);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_
