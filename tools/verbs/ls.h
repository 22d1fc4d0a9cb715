// The verb `ls`.
#ifndef JACKFIELD_TOOLS_VERBS_LS_H_
#define JACKFIELD_TOOLS_VERBS_LS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb LsVerb();

// "process 4121, which lives", "4121, dead", "dead", "unknown".
std::string OwnerOf(const Resource& resource);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LS_H_
