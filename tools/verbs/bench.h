// `jackfield bench`: tools/bench as a verb.
#ifndef JACKFIELD_TOOLS_VERBS_BENCH_H_
#define JACKFIELD_TOOLS_VERBS_BENCH_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb BenchVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_BENCH_H_
