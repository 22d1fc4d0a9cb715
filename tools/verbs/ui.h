// jackfield ui [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_UI_H_
#define JACKFIELD_TOOLS_VERBS_UI_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb UiVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_UI_H_
