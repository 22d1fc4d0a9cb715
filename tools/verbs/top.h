// jackfield top [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_TOP_H_
#define JACKFIELD_TOOLS_VERBS_TOP_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb TopVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_TOP_H_
