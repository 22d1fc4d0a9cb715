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
};

struct InternetName {
  sockaddr_storage address{};
  socklen_t bytes = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  bool IsLoopback() const;
};

// A name that has IPv4 and IPv6 addresses (localhost often does) stands for the IPv4 one, on which
// most servers listen. Errors: INVALID_ARGUMENT.
absl::StatusOr<InternetName> Resolve(const Address& address, const HostPort& where);

// The same, but only loopback unless the address says ?plain: it is for schemes whose bytes anyone
// on the way can read and write. Errors: PERMISSION_DENIED.
absl::StatusOr<InternetName> ResolveAllowed(const Address& address, const HostPort& where);

// "127.0.0.1:7001"
std::string TextOf(const sockaddr_storage& address);
// The bound name of a socket, as others write it to reach it.
std::string TargetOf(int fd);

// Was a client's socket given the port that it connects to, where nobody serves? It has met itself
// then (RFC 9293, 3.5: both ends may open at once).
bool IsConnectedToItself(int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_INTERNET_NAME_H_
