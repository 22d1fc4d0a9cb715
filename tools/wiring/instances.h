// A service of many instances, as so many services; and a role, as those that are in it.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_INSTANCES_H_
#define JACKFIELD_TOOLS_WIRING_INSTANCES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

// Each service with `instances` above 1 stands there so often, by the same name and with the number
// of its instance.
Wiring WithInstances(Wiring wiring);

// "packer.2", or "packer" of one that is alone.
std::string NameOf(const ServiceEntry& service);

// The services of a wiring that WithInstances has made, by index, that `call` means, in the order
// in which it names them. Errors, one sentence: NOT_FOUND (names the nearest); INVALID_ARGUMENT:
// one stands there twice, or more than kServersOfRoleMax.
absl::StatusOr<std::vector<size_t>> ServersOf(const Wiring& wiring, const ServiceEntry& caller,
                                              const CallEntry& call);

// Why instances of `service` cannot serve at `address`; "" where they can, or it is one.
std::string WhyOnePlace(const ServiceEntry& service, const Address& address);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_INSTANCES_H_
