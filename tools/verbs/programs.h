// The verb `programs`, for the launcher: what a wiring runs, to be built before.
#ifndef JACKFIELD_TOOLS_VERBS_PROGRAMS_H_
#define JACKFIELD_TOOLS_VERBS_PROGRAMS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ProgramsVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_PROGRAMS_H_
