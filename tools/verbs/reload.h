// jackfield reload [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_RELOAD_H_
#define JACKFIELD_TOOLS_VERBS_RELOAD_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ReloadVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RELOAD_H_
