// The verb `pub`.
#ifndef JACKFIELD_TOOLS_VERBS_PUB_H_
#define JACKFIELD_TOOLS_VERBS_PUB_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb PubVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_PUB_H_
