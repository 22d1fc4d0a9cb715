// jackfield restart SERVICE
#ifndef JACKFIELD_TOOLS_VERBS_RESTART_H_
#define JACKFIELD_TOOLS_VERBS_RESTART_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb RestartVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RESTART_H_
