// The verb `call`.
#ifndef JACKFIELD_TOOLS_VERBS_CALL_H_
#define JACKFIELD_TOOLS_VERBS_CALL_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CallVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_CALL_H_
