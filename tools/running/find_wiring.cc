#include "tools/running/find_wiring.h"

#include <optional>
#include <string>

#include "kernel/base/text.h"
#include "tools/runs/last_run.h"
#include "tools/runs/log_line.h"

namespace jackfield {

absl::StatusOr<RunningWiring> FindWiring(std::string_view wanted) {
  absl::StatusOr<RunningWiring> picked = PickWiring(RunningWirings(), wanted);
  if (!absl::IsNotFound(picked.status())) return picked;
  const std::optional<PastRun> last = LastRun(wanted);
  if (!last) return picked;
  const std::string how = HowItEnded(*last, WallNs());
  return absl::NotFoundError(
      wanted.empty() ? Text("no wiring of this user is up, and of the last one: ", how) : how);
}

std::string HowItHasEnded(const RunningWiring& wiring) {
  const std::optional<PastRun> run = LastRun(Text(wiring.name, "@", wiring.pid));
  return run ? HowItEnded(*run, WallNs()) : Text(Escaped(wiring.name), " is not up any more");
}

}  // namespace jackfield
