// What tells the calls of one client apart: the role, and the server where a role has many.
//
// Thread: any; pure.
#ifndef JACKFIELD_TOOLS_WIRING_CALL_NAME_H_
#define JACKFIELD_TOOLS_WIRING_CALL_NAME_H_

#include <string>

#include "tools/wiring/plan.h"

namespace jackfield {

// Has the role of that channel no other server?
bool IsAloneInRole(const Plan& plan, const PlannedChannel& channel);

// "kv"; "packer.2" or "packer/crane" of a role with many servers (NameInRole): the role that the
// channel has in its process.
std::string CallNameOf(const Plan& plan, const PlannedChannel& channel);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_CALL_NAME_H_
