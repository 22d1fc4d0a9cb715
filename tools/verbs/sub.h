// The verb `sub`.
#ifndef JACKFIELD_TOOLS_VERBS_SUB_H_
#define JACKFIELD_TOOLS_VERBS_SUB_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb SubVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_SUB_H_
