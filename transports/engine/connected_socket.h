// A whole transport over connected sockets but for what is its own: the name, the options, the
// caps. For tcp, vsock, sctp.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_CONNECTED_SOCKET_H_
#define JACKFIELD_TRANSPORTS_ENGINE_CONNECTED_SOCKET_H_

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/engine/internet_name.h"

namespace jackfield {

struct ConnectedSocket {
  sockaddr_storage name{};  // of the place: to connect to, or to serve at
  socklen_t name_bytes = 0;
  int type = SOCK_STREAM;
  int protocol = 0;
  Caps caps;
  std::string what;  // for the errors of a connection; empty: "connect " and the address
  // Of a bound socket: its target as others write it to reach it.
  std::function<std::string(int fd)> target_of;
  // Sets what options a connected socket wants, and makes its driver, which takes it over.
  std::function<std::unique_ptr<LinkDriver>(int fd)> make_driver;
  // A status for a failed call that says more than SysError can: what this kernel lacks. Null, or
  // an OK status: SysError's.
  std::function<absl::Status(int error)> explain;
};

// Errors: as Transport::Open.
absl::StatusOr<std::unique_ptr<Opening>> OpenConnectedSocket(const Address& address, Role role,
                                                             Loop& loop, LinkSink& sink,
                                                             ConnectedSocket socket);

// The same at a place on the Internet: name, name_bytes and target_of follow from it. A client
// tries every address of the host, the next one as soon as one has failed or has said nothing for
// 250 ms (RFC 8305, 5); a server serves at one (ToServeAt). Beyond loopback only with ?plain. What
// the socket's functions refer to outlives the opening. Errors: also as ResolveAllowed.
absl::StatusOr<std::unique_ptr<Opening>> OpenInternetSocket(const Address& address, Role role,
                                                            Loop& loop, LinkSink& sink,
                                                            const HostPort& place,
                                                            ConnectedSocket socket);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_CONNECTED_SOCKET_H_
