// jackfield metrics [WIRING]
#ifndef JACKFIELD_TOOLS_VERBS_METRICS_H_
#define JACKFIELD_TOOLS_VERBS_METRICS_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb MetricsVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_METRICS_H_
