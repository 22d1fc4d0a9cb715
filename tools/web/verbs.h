// The two verbs that are a program of their own, `jackfield-web`: what they are called, and their
// flags. `jackfield` has them too, and starts that program (tools/verbs/start_web.h).
//
// Thread: any; they have no `run` yet.
#ifndef JACKFIELD_TOOLS_WEB_VERBS_H_
#define JACKFIELD_TOOLS_WEB_VERBS_H_

#include "tools/cli/program.h"

namespace jackfield::web {

Verb MetricsVerb();
Verb UiVerb();

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_VERBS_H_
