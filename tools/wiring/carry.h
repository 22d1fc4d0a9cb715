// Can a medium carry the calls between two services, here? The one answer that `check`, `up`,
// `explain` and its list of alternatives give.
//
// Thread: any. Blocks: while the system's resolver looks a name up.
#ifndef JACKFIELD_TOOLS_WIRING_CARRY_H_
#define JACKFIELD_TOOLS_WIRING_CARRY_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/registry.h"
#include "transports/machine.h"

namespace jackfield {

// Are ?on_full= and ?spin= what they may be? Errors: INVALID_ARGUMENT.
absl::Status CheckCommonParams(const Address& address);

// What calls over `address` stand on, asked of the end that has that role. Errors: as
// CheckCommonParams; as Registry::Stack for CallNeeds(); FAILED_PRECONDITION, too, for a medium
// that joins nothing but nodes of one thread; as Transport::Open for what this machine lacks.
absl::StatusOr<Registry::Stacked> CarryCalls(const Registry& registry, const MachineChecks& machine,
                                             const Address& address, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_CARRY_H_
