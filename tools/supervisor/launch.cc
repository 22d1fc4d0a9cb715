#include "tools/supervisor/launch.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tools/supervisor/process.h"
#include "tools/supervisor/relay.h"
#include "tools/supervisor/secret_files.h"
#include "tools/supervisor/thread.h"
#include "tools/wiring/seen_from.h"

namespace jackfield {

Launch::Launch(const Plan& plan, Node& node, Handing& handing, Reach& reach, Outlet& outlet,
               LogWriter& log, bool logs_stdout)
    : plan_(plan),
      node_(node),
      handing_(handing),
      reach_(reach),
      outlet_(outlet),
      log_(log),
      logs_stdout_(logs_stdout) {}

absl::StatusOr<std::unique_ptr<RunningService>> Launch::Start(size_t index, const Variables& told,
                                                              RunningService::Watcher& watcher) {
  const PlannedService& planned = plan_.services[index];
  std::vector<OwnedFd> handed;
  Grants grants = handing_.GrantsOf(index, handed);
  absl::StatusOr<std::string> control = reach_.Connect(planned.name, handed);
  if (!control.ok()) return control.status();
  grants.control = *std::move(control);
  if (plan_.one_process) {
    for (OwnedFd& descriptor : handed) descriptor.Release();  // the transport takes them over
    return StartThread(node_, index, std::move(grants), planned.builtin->run, outlet_, watcher);
  }
  ProcessStart start;
  start.service = index;
  start.words = {planned.name};
  if (planned.builtin != nullptr) {
    start.program = "/proc/self/exe";
    start.words.insert(start.words.end(), {"service", std::string(planned.builtin->name)});
  } else {
    start.program = SeenFrom("", planned.program);
  }
  start.words.insert(start.words.end(), planned.args.begin(), planned.args.end());
  start.grants = grants.ToString();
  start.surroundings = planned.surroundings;
  start.surroundings.environment = Merged(std::move(start.surroundings.environment), told);
  if (absl::Status secrets =
          HandSecrets(planned.surroundings.secrets, handed, start.surroundings.environment);
      !secrets.ok())
    return secrets;
  start.handed = std::move(handed);
  start.reads_stdin = ReadsStdin(planned);
  start.logs_stdout = logs_stdout_;
  return StartProcess(node_, std::move(start),
                      Relay(outlet_, log_, planned.name, NameWidth(plan_), index), watcher);
}

// The only one that nothing calls reads what this program is given, unless a person would type it.
bool Launch::ReadsStdin(const PlannedService& service) const {
  return service.called.empty() && isatty(0) != 1 &&
         std::count_if(plan_.services.begin(), plan_.services.end(),
                       [](const PlannedService& other) { return other.called.empty(); }) == 1;
}

}  // namespace jackfield
