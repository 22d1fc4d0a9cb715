// jackfield logs [SERVICE…]
#ifndef JACKFIELD_TOOLS_VERBS_LOGS_H_
#define JACKFIELD_TOOLS_VERBS_LOGS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb LogsVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LOGS_H_
