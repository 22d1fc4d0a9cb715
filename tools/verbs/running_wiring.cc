#include "tools/verbs/running_wiring.h"

#include <string>

namespace jackfield {

int ComplainOfRunning(const absl::Status& status) {
  return Complain(absl::IsFailedPrecondition(status) ? kExitUsage : kExitUnreachable,
                  std::string(status.message()));
}

}  // namespace jackfield
