// The verb `load`: many calls of one method, when they are due, and how long they took from then.
#ifndef JACKFIELD_TOOLS_VERBS_LOAD_H_
#define JACKFIELD_TOOLS_VERBS_LOAD_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb LoadVerb();

// Its own, without the common ones.
std::span<const Flag> LoadFlags();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LOAD_H_
