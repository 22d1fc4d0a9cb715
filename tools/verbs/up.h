// jackfield up FILE: checks a wiring, starts its services and stays until it is over.
#ifndef JACKFIELD_TOOLS_VERBS_UP_H_
#define JACKFIELD_TOOLS_VERBS_UP_H_

#include "tools/cli/program.h"
#include "tools/supervisor/supervisor.h"
#include "tools/wiring/plan.h"

namespace jackfield {

Verb UpVerb();

// Runs a plan as `up` does, and removes before and after it what the dead leave. `arguments` say
// how much is printed; `source` where the plan comes from. Returns the exit status. Blocks: until
// all is over.
int RunUntilDone(const Program& program, const Arguments& arguments, const Plan& plan,
                 WiringSource source);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_UP_H_
