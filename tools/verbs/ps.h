// jackfield ps [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_PS_H_
#define JACKFIELD_TOOLS_VERBS_PS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb PsVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_PS_H_
