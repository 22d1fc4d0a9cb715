// jackfield export systemd FILE
#ifndef JACKFIELD_TOOLS_VERBS_EXPORT_H_
#define JACKFIELD_TOOLS_VERBS_EXPORT_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb ExportVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_EXPORT_H_
