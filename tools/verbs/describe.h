// The verb `describe`.
#ifndef JACKFIELD_TOOLS_VERBS_DESCRIBE_H_
#define JACKFIELD_TOOLS_VERBS_DESCRIBE_H_

#include "tools/cli/program.h"

namespace jackfield {

Verb DescribeVerb();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_DESCRIBE_H_
