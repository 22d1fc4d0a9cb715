#include "transports/tcp/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <utility>

#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/text.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/socket_opening.h"
#include "transports/engine/stream/stream_driver.h"

namespace jackfield {
namespace {

constexpr std::string_view kKeys[] = {"plain"};
// A peer that is silent although bytes wait for it is given up after so long (tcp(7)
// TCP_USER_TIMEOUT).
constexpr int kUserTimeoutMs = 30'000;
// An idle connection is probed, so that a machine that vanished is noticed.
constexpr int kKeepIdleSeconds = 15, kKeepIntervalSeconds = 5, kKeepCount = 3;

absl::StatusOr<HostPort> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  return HostPort::Read(address, role);
}

Caps TcpCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.multi_host = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

absl::StatusOr<InternetName> ResolveAllowed(const Address& address, const HostPort& where) {
  absl::StatusOr<InternetName> name = Resolve(address, where);
  if (!name.ok() || name->IsLoopback() || address.Find("plain")) return name;
  return MakeStatus(Outcome::kRefused, Reason::kPermission,
                    Text(address.ToString(),
                         " is not loopback: without TLS anyone on the way could read and write; "
                         "if that is meant, say ?plain"));
}

HandOver MakeHandOver(Node& node, std::string description) {
  return [&node, description = std::move(description)](int fd, LinkSink& sink) {
    node.sys().SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    node.sys().SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
    node.sys().SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    node.sys().SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds);
    node.sys().SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalSeconds);
    node.sys().SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepCount);
    LinkTraits traits;
    traits.caps = TcpCaps();
    traits.description = description;
    StreamEnds ends{
        .read_fd = fd, .write_fd = fd, .socket = true, .frame_bytes_max = kFrameBytesMaxDefault};
    sink.OnLink(std::make_unique<StreamDriver>(node, ends), std::move(traits));
  };
}

class TcpTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "tcp"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    absl::StatusOr<HostPort> place = Read(address, role);
    if (!place.ok()) return place.status();
    return TcpCaps();
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Node& node,
                                                LinkSink& sink) const override {
    absl::StatusOr<HostPort> place = Read(address, role);
    if (!place.ok()) return place.status();
    absl::StatusOr<InternetName> where = ResolveAllowed(address, *place);
    if (!where.ok()) return where.status();
    const int fd = node.sys().Socket(where->address.ss_family, SOCK_STREAM, 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    if (role == Role::kConnect) {
      const int result = node.sys().Connect(fd, where->get(), where->bytes);
      return MakeSocketClient(node, sink, fd, result, Text("connect ", address.ToString()),
                              MakeHandOver(node, address.ToString()));
    }
    node.sys().SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    int result = node.sys().Bind(fd, where->get(), where->bytes);
    if (result == 0) result = node.sys().Listen(fd, SOMAXCONN);
    if (result < 0) {
      close(fd);
      return SysError(-result, Text("serve ", address.ToString()));
    }
    Address actual = address.WithTarget(TargetOf(fd));
    std::string description = actual.ToString();
    return MakeSocketServer(node, sink, fd, std::move(actual),
                            MakeHandOver(node, std::move(description)));
  }
};

}  // namespace

std::unique_ptr<Transport> MakeTcpTransport() { return std::make_unique<TcpTransport>(); }

}  // namespace jackfield
