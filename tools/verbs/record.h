// `jackfield record`: the calls that come to a service, in a file.
#ifndef JACKFIELD_TOOLS_VERBS_RECORD_H_
#define JACKFIELD_TOOLS_VERBS_RECORD_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb RecordVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_RECORD_H_
