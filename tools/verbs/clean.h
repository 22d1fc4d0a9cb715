// The verb `clean`.
#ifndef JACKFIELD_TOOLS_VERBS_CLEAN_H_
#define JACKFIELD_TOOLS_VERBS_CLEAN_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CleanVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_CLEAN_H_
