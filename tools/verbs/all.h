// THE list of verbs. A new verb is one file here and one line in all.cc.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_VERBS_ALL_H_
#define JACKFIELD_TOOLS_VERBS_ALL_H_

#include <vector>

#include "tools/cli/program.h"

namespace jackfield {

std::vector<Verb> AllVerbs();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_ALL_H_
