// What the verbs for a running wiring have in common: the flag that names it, and the words and
// exit status where it cannot be reached.
#ifndef JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_
#define JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_

#include "absl/status/status.h"
#include "tools/cli/program.h"

namespace jackfield {

inline constexpr Flag kWiringFlag = {'w', "wiring", "WIRING",
                                     "its name, or NAME@PID; needed where several are up"};

// kExitUnreachable, or kExitUsage where several are meant.
int ComplainOfRunning(const absl::Status& status);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_
