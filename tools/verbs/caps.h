// jackfield caps: what each transport can do.
#ifndef JACKFIELD_TOOLS_VERBS_CAPS_H_
#define JACKFIELD_TOOLS_VERBS_CAPS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CapsVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_CAPS_H_
