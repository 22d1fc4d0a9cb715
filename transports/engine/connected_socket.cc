#include "transports/engine/connected_socket.h"

#include <utility>

#include "kernel/owned_fd.h"
#include "kernel/text.h"
#include "transports/engine/socket_opening.h"

namespace jackfield {

absl::StatusOr<std::unique_ptr<Opening>> OpenConnectedSocket(const Address& address, Role role,
                                                             Node& node, LinkSink& sink,
                                                             ConnectedSocket socket) {
  const auto failed = [&](int result, std::string_view doing) {
    absl::Status status = socket.explain ? socket.explain(-result) : absl::OkStatus();
    return status.ok() ? SysError(-result, Text(doing, " ", address.ToString())) : status;
  };
  const auto* name = reinterpret_cast<const sockaddr*>(&socket.name);
  const int made = node.sys().Socket(socket.name.ss_family, socket.type, socket.protocol);
  if (made < 0) return failed(made, "socket for");
  OwnedFd fd(made);
  const auto hand_over = [&socket](std::string description) -> HandOver {
    return [caps = socket.caps, make = socket.make_driver, description = std::move(description)](
               int connected, LinkSink& to) {
      LinkTraits traits;
      traits.caps = caps;
      traits.description = description;
      traits.peer_host = PeerHostOf(connected);
      to.OnLink(make(connected), std::move(traits));
    };
  };
  if (role == Role::kConnect) {
    const int result = node.sys().Connect(fd.get(), name, socket.name_bytes);
    if (result < 0) {
      if (absl::Status status = socket.explain ? socket.explain(-result) : absl::OkStatus();
          !status.ok())
        return status;
    }
    return MakeSocketClient(node, sink, fd.Release(), result, Text("connect ", address.ToString()),
                            hand_over(address.ToString()));
  }
  node.sys().SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  int result = node.sys().Bind(fd.get(), name, socket.name_bytes);
  if (result == 0) result = node.sys().Listen(fd.get(), SOMAXCONN);
  if (result < 0) return failed(result, "serve");
  Address actual = address.WithTarget(socket.target_of(fd.get()));
  std::string description = actual.ToString();
  return MakeSocketServer(node, sink, fd.Release(), std::move(actual),
                          hand_over(std::move(description)));
}

absl::StatusOr<std::unique_ptr<Opening>> OpenInternetSocket(const Address& address, Role role,
                                                            Node& node, LinkSink& sink,
                                                            const HostPort& place,
                                                            ConnectedSocket socket) {
  absl::StatusOr<InternetName> where = ResolveAllowed(address, place);
  if (!where.ok()) return where.status();
  socket.name = where->address;
  socket.name_bytes = where->bytes;
  socket.target_of = TargetOf;
  return OpenConnectedSocket(address, role, node, sink, std::move(socket));
}

}  // namespace jackfield
