// A process, named so that another one is not mistaken for it: its number, when it began, and who
// counts so. What outlives a process in the system carries this name (transports/README.md).
//
// The same number is another process's in another pid namespace, on another machine that shares a
// directory, after a restart of the system. And a process may be hidden (hidepid of /proc, no /proc
// at all). So whether it lives has three answers, and engine/owner.h gives them.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_

#include <cstdint>

namespace jackfield {

struct ProcessName {
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // clock ticks since the system's start, the same number in every time
                             // namespace; 0: it cannot be known
  uint64_t where = 0;        // PidNamespace() there; 0: it cannot be known

  friend bool operator==(const ProcessName&, const ProcessName&) = default;
};

ProcessName ThisProcess();

// The pid namespace of this process, of this start of this machine: a number that no other one has.
// 0: the system does not tell, or its /proc is of another namespace.
uint64_t PidNamespace();

// The process that has `pid` now, as this process sees it: its time namespace counts the start,
// and `where` is left out. start_ticks is 0 if there is none, or only a dead one, or none to be
// seen.
ProcessName ProcessWithPid(int64_t pid);

// What can be seen of a process of this pid namespace.
struct ProcessSeen {
  enum class State {
    kLives,
    kEnded,   // it is not there, or has ended and is not buried yet
    kHidden,  // it is there, or may be, and /proc does not show it to this process
  };
  State state = State::kHidden;
  uint64_t start_ticks = 0;  // as in ProcessName
};
ProcessSeen LookAtProcess(int64_t pid);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PROCESS_H_
