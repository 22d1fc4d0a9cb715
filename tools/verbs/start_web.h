// Becomes the program `jackfield-web`, which lies beside this one (tools/web).
#ifndef JACKFIELD_TOOLS_VERBS_START_WEB_H_
#define JACKFIELD_TOOLS_VERBS_START_WEB_H_

#include <string_view>

#include "tools/cli/program.h"

namespace jackfield {

// With that verb and what was said to it. Returns only if it cannot: the exit status.
int StartWeb(std::string_view verb, const Arguments& arguments);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_START_WEB_H_
