// What the supervisor knows about one service of its plan.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_SUPERVISED_H_
#define JACKFIELD_TOOLS_SUPERVISOR_SUPERVISED_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernel/loop/timers.h"
#include "tools/supervisor/readiness.h"
#include "tools/supervisor/restarts.h"
#include "tools/supervisor/running.h"

namespace jackfield {

enum class ServiceState : uint8_t {
  kWaiting,  // for those that it calls to be ready
  kStarted,  // one that serves nothing stays so
  kReady,
  kPausing,  // has ended, and is started again after a pause
  kEnded,
};

struct Supervised {
  explicit Supervised(const RestartRule& rule) : restarts(rule) {}

  bool over() const { return running == nullptr || state == ServiceState::kEnded; }

  ServiceState state = ServiceState::kWaiting;
  std::unique_ptr<RunningService> running;  // its process now, or the last one
  std::unique_ptr<Readiness> readiness;     // until it is ready, where it does not say so itself
  bool found_ready = false;                 // by that
  std::vector<Address> reported;            // it has said that it serves there, but is not ready
  Restarts restarts;
  int64_t since_ns = 0;    // when it came to that state
  int64_t started_ns = 0;  // when its last process was
  // Until it must be ready, must have stopped, or is started again.
  int64_t deadline_ns = Timers::kNever;
  int64_t slow_ns = Timers::kNever;  // from then on it is slow to be ready, which is said
  bool has_ended = false;            // one of its processes, at least
  Ending ending;                     // how the last of them did
  bool asked_to_stop = false, killed = false;
  bool asked_to_restart = false;  // it stops, in order to be started again
  bool left_too_early = false;
  bool has_served = false;  // it was ready once: where it serves is known
  bool in_change = false;   // how it ends is for a change to judge (live_plan.h), not for the rules
  std::string not_started;  // why its last process could not be started, or ""
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_SUPERVISED_H_
