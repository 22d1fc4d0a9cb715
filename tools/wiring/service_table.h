// One table [service.NAME] of a wiring file as a ServiceEntry.
#ifndef JACKFIELD_TOOLS_WIRING_SERVICE_TABLE_H_
#define JACKFIELD_TOOLS_WIRING_SERVICE_TABLE_H_

#include <optional>

#include "tools/wiring/findings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

// `entry`: the service's name and its table. What is wrong with it goes to `findings`; nothing then
// where not even a name can be made out.
std::optional<ServiceEntry> ReadService(const Entry& entry, Findings& findings);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_SERVICE_TABLE_H_
