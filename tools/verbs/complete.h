// jackfield __complete WORDS…: what a shell asks when its user presses TAB. Hidden.
#ifndef JACKFIELD_TOOLS_VERBS_COMPLETE_H_
#define JACKFIELD_TOOLS_VERBS_COMPLETE_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CompleteVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_COMPLETE_H_
