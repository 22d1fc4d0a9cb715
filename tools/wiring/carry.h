// Can a medium carry what two services say to each other, here? The one answer that `check`, `up`,
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

// What a channel carries: calls, streams and one-way messages; or one-way messages alone, for which
// a log, a recording, a signal or a multicast group will do.
enum class Carried { kCalls, kOneWay };
Caps NeedsOf(Carried what, Role role);

// What that stands on over `address`, asked of the end that has that role. Errors: as
// CheckCommonParams; as Registry::Stack for NeedsOf(what, role); FAILED_PRECONDITION, too, for a
// medium that joins nothing but nodes of one thread; as Transport::Open for what this machine
// lacks.
absl::StatusOr<Registry::Stacked> Carry(const Registry& registry, const MachineChecks& machine,
                                        const Address& address, Role role, Carried what);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_CARRY_H_
