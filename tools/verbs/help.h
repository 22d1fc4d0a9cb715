// jackfield help [VERB].
#ifndef JACKFIELD_TOOLS_VERBS_HELP_H_
#define JACKFIELD_TOOLS_VERBS_HELP_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb HelpVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_HELP_H_
