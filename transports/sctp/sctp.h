// sctp: — connections between machines that keep packets apart (RFC 9260), or within one.
//
//   sctp://127.0.0.1:7001   sctp://[::1]:7001
//   sctp://127.0.0.1:0      a server gets a free port and reports it;  sctp: means just that
//   ?plain                  allows an address that is not loopback, and a name other than
//                           localhost: without TLS anyone on the way can read and write
//
// One-to-one sockets (RFC 6458, 4), one stream, one frame a packet: large messages get fragment+.
// The kernel must have it: modprobe sctp.
#ifndef JACKFIELD_TRANSPORTS_SCTP_SCTP_H_
#define JACKFIELD_TRANSPORTS_SCTP_SCTP_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeSctpTransport();
// As a MachineCheck: is the host known, has the kernel SCTP?
absl::Status CheckSctpMachine(const Address& address, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SCTP_SCTP_H_
