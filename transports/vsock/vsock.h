// vsock: — stream connections between a virtual machine and its host, or within one machine.
//
//   vsock://2:7001        port 7001 of the host, from a guest
//   vsock://16:7001       port 7001 of the guest with that number (its CID), from the host
//   vsock://1:7001        of this machine itself, where the kernel has vsock_loopback; also local
//   vsock://any:7001      a server, for whoever can reach this machine; it reports its own CID
//   vsock://1:0           a server gets a free port and reports it;  vsock: means just that
//
// The machine's own hypervisor carries the bytes: no network sees them, and no address but the CID
// tells who calls.
#ifndef JACKFIELD_TRANSPORTS_VSOCK_VSOCK_H_
#define JACKFIELD_TRANSPORTS_VSOCK_VSOCK_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

std::unique_ptr<Transport> MakeVsockTransport();
// As a MachineCheck: has the kernel vsock, and its loopback where the address needs it?
absl::Status CheckVsockMachine(const Address& address, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_VSOCK_VSOCK_H_
