// jackfield explain: which medium a channel uses, what it can do, and what else would do.
#ifndef JACKFIELD_TOOLS_VERBS_EXPLAIN_H_
#define JACKFIELD_TOOLS_VERBS_EXPLAIN_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ExplainVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_EXPLAIN_H_
