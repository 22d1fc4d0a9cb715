// HOST:PORT as addresses of the Internet's transports write it, and the socket names it stands for.
//
// Thread: any. Blocks: Resolve and ResolveAllowed, while the system's resolver looks a name up;
// numbers need none. resolved_opening.h does it for a node, which must not block.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_
#define JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_

#include <sys/socket.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/transport.h"

namespace jackfield {

struct InternetName {
  sockaddr_storage address{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  bool IsLoopback() const;
};
using InternetNames = std::vector<InternetName>;

struct HostPort {
  std::string host = "127.0.0.1";  // a number or a name
  std::string zone{};  // of an IPv6 number: on which interface, by its name or number; mostly empty
  std::string port = "0";  // digits, 0..65535; 0: the system chooses

  // Pure. An IPv6 host is in brackets, as in a URI (RFC 3986, 3.2.2), and its zone behind a percent
  // sign, or behind "%25" as RFC 6874 writes it: [fe80::1%eth0]. A server's host may be empty.
  // Errors: INVALID_ARGUMENT, with the form that is expected; a link-local number without a zone.
  static absl::StatusOr<HostPort> Read(const Address& address, Role role);

  // The host, if it is a number: nobody has to be asked. Pure; without port and zone.
  std::optional<InternetName> Number() const;
  // Is it this machine, as far as the text can tell: a loopback number, or localhost and names
  // under it, which are never anything else (RFC 6761, 6.3)? Pure.
  bool IsLoopbackByName() const;
};

// All that the host stands for, at least one, in the order in which they are to be tried (that of
// getaddrinfo(3), RFC 6724). Errors: INVALID_ARGUMENT (no such host, no such interface);
// UNAVAILABLE (no name server answers now, which is worth another try).
absl::StatusOr<InternetNames> Resolve(const Address& address, const HostPort& where);

// For schemes whose bytes anyone on the way can read and write: only loopback, unless the address
// says ?plain or a shim secures it. ReadAllowed goes by the text alone and is pure; ResolveAllowed looks again at what a
// name stands for, all of it. Errors: as above; PERMISSION_DENIED.
absl::StatusOr<HostPort> ReadAllowed(const Address& address, Role role);
absl::StatusOr<InternetNames> ResolveAllowed(const Address& address, const HostPort& where);

// A server serves at one of them: at the first that this machine has, IPv4 before IPv6, since those
// who were told a number mostly have that one. That it is in use is no reason to take the next:
// clients would meet whoever is there.
InternetNames ToServeAt(InternetNames names);
// May a server that met this errno try the next one?
bool IsNotOfThisMachine(int error);

// The index of a network interface, by its name or its number; 0: there is none.
uint32_t InterfaceOf(const std::string& zone);
// For an error: which interfaces there are, that are up.
std::string InterfacesThatAreUp();

// "127.0.0.1:7001", "[fe80::1%eth0]:7001"
std::string TextOf(const sockaddr_storage& address);
// Whose it is, for shares: "127.0.0.1". Of an IPv6 address the network of 64 bits, since whoever
// has one address of it has them all: "2001:db8::/64".
std::string HostOf(const sockaddr_storage& address);
std::string PeerHostOf(int fd);
// The bound name of a socket, as others write it to reach it.
std::string TargetOf(int fd);

// Nobody of several places could be connected to: what, then each place and why, those with the
// same reason together. The code is UNAVAILABLE if another try may help with one of them.
struct FailedPlace {
  std::string place;    // "127.0.0.1:7001"
  absl::Status status;  // if its message begins with `place`, that is said once for several
};
absl::Status NoneOf(std::string_view what, const std::vector<FailedPlace>& failed);

// Was a client's socket given the port that it connects to, where nobody serves? It has met itself
// then (RFC 9293, 3.5: both ends may open at once).
bool IsConnectedToItself(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_
