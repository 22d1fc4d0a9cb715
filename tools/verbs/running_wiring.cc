#include "tools/verbs/running_wiring.h"

#include <string>

namespace jackfield {

int ComplainOfRunning(const absl::Status& status) {
  const bool is_usage = absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
  return Complain(is_usage ? kExitUsage : kExitUnreachable, std::string(status.message()));
}

}  // namespace jackfield
