// `jackfield replay`: recorded calls, made again.
#ifndef JACKFIELD_TOOLS_VERBS_REPLAY_H_
#define JACKFIELD_TOOLS_VERBS_REPLAY_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ReplayVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_REPLAY_H_
