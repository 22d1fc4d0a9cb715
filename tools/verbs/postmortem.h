// `jackfield postmortem`: what a service did last.
#ifndef JACKFIELD_TOOLS_VERBS_POSTMORTEM_H_
#define JACKFIELD_TOOLS_VERBS_POSTMORTEM_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb PostmortemVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_POSTMORTEM_H_
