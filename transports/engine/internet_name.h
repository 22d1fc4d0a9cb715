// HOST:PORT as addresses of the Internet's transports write it, and the socket name it stands for.
//
// Blocks: Resolve, while the system's resolver looks a name up; numbers need none.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_
#define JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/transport.h"

namespace jackfield {

struct HostPort {
  std::string host = "127.0.0.1";
  std::string port = "0";  // digits, 0..65535; 0: the system chooses

  // Pure. An IPv6 host is in brackets, as in a URI (RFC 3986, 3.2.2). A server's may be empty.
  // Errors: INVALID_ARGUMENT, with the form that is expected.
  static absl::StatusOr<HostPort> Read(const Address& address, Role role);

  // Is it this machine, as far as the text can tell: a loopback number, or localhost and names
  // under it, which are never anything else (RFC 6761, 6.3)? Pure.
  bool IsLoopbackByName() const;
};

struct InternetName {
  sockaddr_storage address{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  bool IsLoopback() const;
};

// A name that has IPv4 and IPv6 addresses (localhost often does) stands for the IPv4 one, on which
// most servers listen. Errors: INVALID_ARGUMENT; UNAVAILABLE (no name server answers now, which is
// worth another try).
absl::StatusOr<InternetName> Resolve(const Address& address, const HostPort& where);

// For schemes whose bytes anyone on the way can read and write: only loopback, unless the address
// says ?plain. ReadAllowed goes by the text alone and is pure; ResolveAllowed looks again at what a
// name stands for. Errors: as above; PERMISSION_DENIED.
absl::StatusOr<HostPort> ReadAllowed(const Address& address, Role role);
absl::StatusOr<InternetName> ResolveAllowed(const Address& address, const HostPort& where);

// "127.0.0.1:7001"
std::string TextOf(const sockaddr_storage& address);
// Whose it is, for shares: "127.0.0.1". Of an IPv6 address the network of 64 bits, since whoever
// has one address of it has them all: "2001:db8::/64".
std::string HostOf(const sockaddr_storage& address);
std::string PeerHostOf(int fd);
// The bound name of a socket, as others write it to reach it.
std::string TargetOf(int fd);

// Was a client's socket given the port that it connects to, where nobody serves? It has met itself
// then (RFC 9293, 3.5: both ends may open at once).
bool IsConnectedToItself(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_
