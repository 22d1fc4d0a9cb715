// jackfield set [WIRING] KEY=VALUE…
#ifndef JACKFIELD_TOOLS_VERBS_SET_H_
#define JACKFIELD_TOOLS_VERBS_SET_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb SetVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_SET_H_
