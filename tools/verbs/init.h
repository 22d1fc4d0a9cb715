// The verb `init`.
#ifndef JACKFIELD_TOOLS_VERBS_INIT_H_
#define JACKFIELD_TOOLS_VERBS_INIT_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb InitVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_INIT_H_
