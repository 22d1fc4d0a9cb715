// jackfield up FILE: checks a wiring, starts its services and stays until it is over.
#ifndef JACKFIELD_TOOLS_VERBS_UP_H_
#define JACKFIELD_TOOLS_VERBS_UP_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb UpVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_UP_H_
