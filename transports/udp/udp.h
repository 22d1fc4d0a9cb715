// `udp://host:port` — datagrams, as they are: they may be lost, repeated and overtake each other,
// and nothing tells of a peer's end. `reliable+udp:` mends that; without it there are no calls.
//
//   udp://127.0.0.1:7001, udp://[::1]:7001    one peer to one: a server has a link for each address
//                                             that sends to it
//   udp://[fe80::1%eth0]:7001?plain           a link-local address needs its interface
//   udp:, udp://127.0.0.1:0                   a server gets a port and reports it
//   udp://239.1.2.3:7001?iface=lo             a multicast group: whoever connects sends to all,
//                                             whoever serves joins and receives; nothing is
//                                             answered
//   ?plain               other machines may take part, though anyone on the way can read and write
//   ?ttl=1               multicast: how many networks far (0: this machine)
//   ?iface=eth0          multicast: on which interface, by name or number; lo needs no ?plain;
//                        needed where no route leads to the group
//   ?loop=on|off         multicast: do receivers on this machine get it, too (on; on lo always)
//
// A frame is a datagram, at most 1,200 bytes (RFC 9000 §14: it passes every path without being cut
// into pieces). What comes in larger, shorter than a header, or without the beginning of a
// frame (magic, its length) is dropped and counted.
//
// A host's name: as with tcp:. A client moves on to the next address of it while nobody has
// answered: at once when it is told that nobody is there, else after a second.
//
// Thread: Describe any; the rest the node's.
#ifndef JACKFIELD_TRANSPORTS_UDP_UDP_H_
#define JACKFIELD_TRANSPORTS_UDP_UDP_H_

#include <memory>

#include "kernel/transport.h"

namespace jackfield {

inline constexpr uint32_t kUdpFrameBytesMax = 1200;

std::unique_ptr<Transport> MakeUdpTransport();
// As a MachineCheck: are host and interface known?
absl::Status CheckUdpMachine(const Address& address, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_UDP_H_
