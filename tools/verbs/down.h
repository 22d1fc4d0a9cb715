// jackfield down [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_DOWN_H_
#define JACKFIELD_TOOLS_VERBS_DOWN_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb DownVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_DOWN_H_
