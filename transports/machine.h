// Checks of an address that need this machine: does its kernel have the medium, can the host's name
// be resolved? Transport::Describe is pure and cannot say it, and Open says it when services run
// already. So each transport that depends on such things has one of these, made of the code that
// its Open uses, and a line in builtin.cc; the tools ask before anything starts.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_MACHINE_H_
#define JACKFIELD_TRANSPORTS_MACHINE_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/address.h"
#include "kernel/transport.h"

namespace jackfield {

struct MachineCheck {
  std::string_view scheme;
  // OK, or why `address`, which stands alone (no shims, none of their parameters) and which
  // Describe accepts in that role, could not be opened here whoever serves or calls there. Leaves
  // nothing behind and disturbs nobody. Errors: as Transport::Open.
  // Blocks: while the system's resolver looks a name up.
  absl::Status (*check)(const Address& address, Role role);
};

using MachineChecks = std::vector<MachineCheck>;

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_MACHINE_H_
