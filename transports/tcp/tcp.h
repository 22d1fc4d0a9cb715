// tcp: — stream connections between machines, or within one.
//
//   tcp://127.0.0.1:7001   tcp://[::1]:7001   tcp://localhost:7001
//   tcp://127.0.0.1:0      a server gets a free port and reports it;  tcp: means just that
//   ?plain                 allows an address that is not loopback, and a name other than localhost:
//                          without TLS anyone on the way can read and write
//   tcp://[fe80::1%eth0]:7001?plain    a link-local address needs its interface
//
// A name (not a number) is looked up off the node's thread. A client tries all of its addresses, a
// server serves at the first that this machine has (engine/connected_socket.h).
#ifndef JACKFIELD_TRANSPORTS_TCP_TCP_H_
#define JACKFIELD_TRANSPORTS_TCP_TCP_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeTcpTransport();
// As a MachineCheck: is the host known?
absl::Status CheckTcpMachine(const Address& address, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_TCP_TCP_H_
