// jackfield run -- CMD
#ifndef JACKFIELD_TOOLS_VERBS_RUN_H_
#define JACKFIELD_TOOLS_VERBS_RUN_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb RunVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RUN_H_
