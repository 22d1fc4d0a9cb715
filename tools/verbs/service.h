// jackfield service NAME: runs a built-in service in this process. Hidden: `jackfield up` starts
// its services so.
#ifndef JACKFIELD_TOOLS_VERBS_SERVICE_H_
#define JACKFIELD_TOOLS_VERBS_SERVICE_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ServiceVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_SERVICE_H_
