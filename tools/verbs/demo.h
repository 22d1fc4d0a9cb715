// jackfield demo: the example of the manual, without a file.
#ifndef JACKFIELD_TOOLS_VERBS_DEMO_H_
#define JACKFIELD_TOOLS_VERBS_DEMO_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb DemoVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_DEMO_H_
