// jackfield completion bash|zsh|fish: what makes the TAB key of a shell know this program.
#ifndef JACKFIELD_TOOLS_VERBS_COMPLETION_H_
#define JACKFIELD_TOOLS_VERBS_COMPLETION_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb CompletionVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_COMPLETION_H_
