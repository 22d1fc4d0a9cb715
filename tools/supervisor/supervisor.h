// Runs a plan: starts its services, providers first, hands each exactly its channels, waits, stops
// them.
//
// A wiring that ends by itself: a service that exits with 0 when nobody needs it any more has
// finished. When all that nothing calls have finished, the others are stopped, clients before their
// providers, and Run returns 0. A service that dies, or leaves while it is needed, is started again
// where its RestartRule says so (restarts.h). Else it ends everything: one line says which and how,
// and Run returns 1. ^C and SIGTERM stop everything; the second one at once. Other commands look at
// it, restart a service, and stop it all, after which Run returns 0 (control.h). Whatever the
// reason: clients first, so that what they have sent is still handled. A service that exits with 1
// while it is stopped has lost messages, or failed: Run returns 1 then, too.
//
// Whatever Run returns, none of its services is left.
//
// A stderr that nobody reads stops nothing and keeps nobody from stopping it: outlet.h.
//
// Thread: the main one; it blocks SIGINT, SIGTERM and SIGHUP there and takes them itself.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_SUPERVISOR_H_
#define JACKFIELD_TOOLS_SUPERVISOR_SUPERVISOR_H_

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/registry.h"
#include "tools/wiring/plan.h"

namespace jackfield {

// From SIGTERM to SIGKILL: a service has its grace twice (services/service.h), and this.
inline constexpr int64_t kStopNs = 1'000'000'000;
inline constexpr int64_t kReadyWaitNs =
    30'000'000'000;  // from start to readiness, for a service that others call
inline constexpr int64_t kSlowNs = 3'000'000'000;  // into that time, it is said who is waited for
inline constexpr int64_t kLastWordsNs =
    10'000'000'000;  // that a stderr which takes nothing is waited for when all is over

enum class Loudness { kQuiet, kNormal, kVerbose };

struct PlanEnd {
  int exit_status = 0;      // tools/cli/program.h
  std::set<int> processes;  // that its services were
};

// Where the plan comes from, for who changes it while it runs (changes.h).
struct WiringSource {
  // The plan as it would be started now, with these KEY=VALUE beside those of its command line.
  std::function<absl::StatusOr<Plan>(const std::vector<std::string>& sets)> read;
  std::string once;     // a sentence, if it cannot be read again: what `read` gives stays the same
  std::string watched;  // a file: when that is saved the wiring changes; "": none
};

struct RunOptions {
  Loudness loudness = Loudness::kNormal;
  bool logs_stdout = false;  // what services write on stdout is treated as if it were on stderr
  WiringSource source;
  std::function<void()> on_up;  // once, when all services are started and ready, and that was said
};

// Blocks: until all is over.
PlanEnd RunPlan(const Plan& plan, const Registry& registry, RunOptions options);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_SUPERVISOR_H_
