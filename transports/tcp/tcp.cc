#include "transports/tcp/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <utility>

#include "kernel/loop/loop.h"
#include "transports/engine/connected_socket.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/stream/stream_driver.h"
#include "transports/engine/transport_of.h"

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
  return ReadAllowed(address, role);
}

Caps TcpCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.multi_host = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

std::unique_ptr<LinkDriver> MakeDriver(Loop& loop, int fd) {
  const Sys& sys = loop.sys();
  sys.SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  sys.SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  sys.SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  sys.SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds);
  sys.SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalSeconds);
  sys.SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepCount);
  const StreamEnds ends{
      .read_fd = fd, .write_fd = fd, .socket = true, .frame_bytes_max = kFrameBytesMaxDefault};
  return std::make_unique<StreamDriver>(loop, ends);
}

class TcpTransport final : public TransportOf<HostPort, Read, TcpCaps> {
 public:
  std::string_view scheme() const override { return "tcp"; }

  absl::StatusOr<std::unique_ptr<Opening>> Start(HostPort& place, const Address& address, Role role,
                                                 Loop& loop, LinkSink& sink) const override {
    ConnectedSocket socket;
    socket.caps = TcpCaps();
    socket.make_driver = [&loop](int fd) { return MakeDriver(loop, fd); };
    return OpenInternetSocket(address, role, loop, sink, place, std::move(socket));
  }
};

}  // namespace

absl::Status CheckTcpMachine(const Address& address, Role role) {
  absl::StatusOr<HostPort> place = Read(address, role);
  return place.ok() ? ResolveAllowed(address, *place).status() : place.status();
}

std::unique_ptr<Transport> MakeTcpTransport() { return std::make_unique<TcpTransport>(); }

}  // namespace jackfield
