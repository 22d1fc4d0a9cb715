// jackfield serve [ADDRESS] -- CMD
#ifndef JACKFIELD_TOOLS_VERBS_SERVE_H_
#define JACKFIELD_TOOLS_VERBS_SERVE_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ServeVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_SERVE_H_
