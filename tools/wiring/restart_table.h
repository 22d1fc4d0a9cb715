// `restart` of a service in a wiring file as a RestartRule.
#ifndef JACKFIELD_TOOLS_WIRING_RESTART_TABLE_H_
#define JACKFIELD_TOOLS_WIRING_RESTART_TABLE_H_

#include "tools/wiring/findings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

// What is wrong with it goes to `findings`.
void ReadRestart(const Entry& entry, ServiceEntry& service, Findings& findings);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_RESTART_TABLE_H_
