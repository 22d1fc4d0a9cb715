// jackfield schema export TARGET, schema check OLD NEW
#ifndef JACKFIELD_TOOLS_VERBS_SCHEMA_H_
#define JACKFIELD_TOOLS_VERBS_SCHEMA_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb SchemaVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_SCHEMA_H_
