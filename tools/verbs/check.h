// jackfield check FILE: says what is wrong with a wiring, without starting anything.
#ifndef JACKFIELD_TOOLS_VERBS_CHECK_H_
#define JACKFIELD_TOOLS_VERBS_CHECK_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CheckVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_CHECK_H_
