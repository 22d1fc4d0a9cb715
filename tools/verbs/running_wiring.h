// What the verbs for a running wiring have in common: the flags that name it and its runs, and the
// words and exit status where it cannot be reached.
#ifndef JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_
#define JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_

#include "absl/status/status.h"
#include "tools/cli/program.h"

namespace jackfield {

inline constexpr Flag kWiringFlag = {'w', "wiring", "WIRING",
                                     "its name, or NAME@PID; needed where several are up"};

inline constexpr Flag kRunFlag = {
    'r', "run", "RUN", "of a run that has ended: last, or its name, such as shop@20261130T…-4711"};

// kExitUnreachable, or kExitUsage where several are meant, or a name is none.
int ComplainOfRunning(const absl::Status& status);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RUNNING_WIRING_H_
