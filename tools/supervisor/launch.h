// One service of a plan is started, as a process or as a thread.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_LAUNCH_H_
#define JACKFIELD_TOOLS_SUPERVISOR_LAUNCH_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernel/node.h"
#include "tools/runs/log_writer.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/reach.h"
#include "tools/supervisor/running.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class Launch {
 public:
  // All outlive it, and what it starts. logs_stdout: RunOptions.
  Launch(const Plan& plan, Node& node, Handing& handing, Reach& reach, Outlet& outlet,
         LogWriter& log, bool logs_stdout);

  // Requires: the addresses of all that it calls are set in the handing.
  // Errors: as StartProcess and StartThread.
  // told: what it finds in its environment beside the rest.
  absl::StatusOr<std::unique_ptr<RunningService>> Start(size_t service, const Variables& told,
                                                        RunningService::Watcher& watcher);

 private:
  bool ReadsStdin(const PlannedService& service) const;

  const Plan& plan_;
  Node& node_;
  Handing& handing_;
  Reach& reach_;
  Outlet& outlet_;
  LogWriter& log_;
  const bool logs_stdout_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LAUNCH_H_
