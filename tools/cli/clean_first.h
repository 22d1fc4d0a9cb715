// What every verb that starts something does first: what the dead hold may be all that this user is
// allowed (RLIMIT_MSGQUEUE, kernel.msgmni).
#ifndef JACKFIELD_TOOLS_CLI_CLEAN_FIRST_H_
#define JACKFIELD_TOOLS_CLI_CLEAN_FIRST_H_

#include "tools/cli/arguments.h"
#include "transports/resources.h"

namespace jackfield {

// Removes what `jackfield clean` would, and says so in one line unless --quiet. What cannot be
// removed stays, and is clean's to tell.
void CleanFirst(const ResourcesList& resources, const Arguments& arguments);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_CLEAN_FIRST_H_
