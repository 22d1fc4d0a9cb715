// From settings to sockets: looking the host up, and the options of a multicast group.
//
// Blocks: Resolve, while the system's resolver looks a name up; numbers need none.
#ifndef JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_
#define JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/loop/sys.h"
#include "transports/udp/settings.h"

namespace jackfield {

// All that the host stands for, in the order in which it is to be tried; of a group, just that.
// Errors: INVALID_ARGUMENT (no such host or interface), UNAVAILABLE (no name server answers),
// PERMISSION_DENIED (beyond this machine, and not ?plain).
absl::StatusOr<InternetNames> Resolve(const Address& address, const UdpSettings& settings);

// Who sends to the group: interface, reach, own copy; and connects. Errors: as SysError, but where
// no way leads to the group: UNAVAILABLE, with what ?iface= could say.
absl::Status ConnectSender(const Sys& sys, int fd, const InternetName& group,
                           const UdpSettings& settings, const Address& address);
// Who receives: joins. Errors: as ConnectSender.
absl::Status Join(const Sys& sys, int fd, const InternetName& group, const UdpSettings& settings,
                  const Address& address);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_RESOLVE_H_
