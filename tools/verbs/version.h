// jackfield version.
#ifndef JACKFIELD_TOOLS_VERBS_VERSION_H_
#define JACKFIELD_TOOLS_VERBS_VERSION_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb VersionVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_VERSION_H_
