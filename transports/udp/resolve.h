// From settings to sockets: looking the host up, and the options of a multicast group.
//
// Blocks: Resolve, while the system's resolver looks a name up; numbers need none.
#ifndef JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_
#define JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/sys.h"
#include "transports/udp/settings.h"

namespace jackfield {

// Errors: INVALID_ARGUMENT (no such host or interface), PERMISSION_DENIED (beyond this machine, and
// not ?plain).
absl::StatusOr<InternetName> Resolve(const Address& address, const UdpSettings& settings);

// Who sends to the group: interface, reach, own copy. Errors: as SysError.
absl::Status SetSender(const Sys& sys, int fd, const InternetName& group,
                       const UdpSettings& settings, const Address& address);
// Who receives: joins. Errors: as SysError.
absl::Status Join(const Sys& sys, int fd, const InternetName& group, const UdpSettings& settings,
                  const Address& address);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_
