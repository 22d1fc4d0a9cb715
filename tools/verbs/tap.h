// `jackfield tap`: the messages of services, while they go and come.
#ifndef JACKFIELD_TOOLS_VERBS_TAP_H_
#define JACKFIELD_TOOLS_VERBS_TAP_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb TapVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_TAP_H_
