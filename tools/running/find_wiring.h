// The running wiring that a user means; where none is meant, how the one that is missed has ended.
//
// Thread: any. It reads files.
#ifndef JACKFIELD_TOOLS_RUNNING_FIND_WIRING_H_
#define JACKFIELD_TOOLS_RUNNING_FIND_WIRING_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/running/wirings.h"

namespace jackfield {

// wanted and errors: as PickWiring. NOT_FOUND says of the wiring's last run who ended it, how and
// when, with the last lines of that service (tools/runs/last_run.h).
absl::StatusOr<RunningWiring> FindWiring(std::string_view wanted);

// Of one that was up a moment ago, and has gone: how it has ended.
std::string HowItHasEnded(const RunningWiring& wiring);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_FIND_WIRING_H_
