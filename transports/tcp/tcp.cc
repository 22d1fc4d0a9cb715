#include "transports/tcp/tcp.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "kernel/node.h"
#include "kernel/outcome.h"
#include "kernel/text.h"
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

struct Place {
  std::string host = "127.0.0.1";
  std::string port = "0";
  bool plain = false;
};

absl::StatusOr<Place> Read(const Address& address, Role role) {
  if (absl::Status status = address.CheckKeys(kKeys); !status.ok()) return status;
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(
        Text(address.ToString(), ": ", why, "; write tcp://HOST:PORT or tcp://[IPV6]:PORT"));
  };
  Place place;
  place.plain = address.Find("plain").has_value();
  std::string_view target = address.target();
  if (target.empty()) {
    if (role == Role::kConnect) return bad("a client needs to know where");
    return place;
  }
  const size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || target.ends_with(']')) return bad("no port");
  place.port = target.substr(colon + 1);
  std::string_view host = target.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad("an IPv6 address is written in brackets");
  if (!host.empty()) place.host = host;
  char* end = nullptr;
  const unsigned long port = std::strtoul(place.port.c_str(), &end, 10);
  if (place.port.empty() || *end != '\0' || port > 65535) return bad("a port is 0..65535");
  if (port == 0 && role == Role::kConnect) return bad("a client needs a port other than 0");
  return place;
}

Caps TcpCaps() {
  Caps caps;
  caps.send = caps.receive = caps.reply = caps.ordered = caps.reliable = caps.peer_loss =
      caps.multi_host = true;
  caps.frame_bytes_max = kFrameBytesMaxDefault;
  caps.depth_frames = Link::kDepthFrames;
  return caps;
}

struct Resolved {
  sockaddr_storage address{};
  socklen_t bytes = 0;
};

bool IsLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

absl::StatusOr<Resolved> Resolve(const Address& address, const Place& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(place.host.c_str(), place.port.c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(
        Text(address.ToString(), ": no address for \"", place.host, "\": ", gai_strerror(error)));
  }
  // "localhost" is often both ::1 and 127.0.0.1: the older one, on which most servers listen, is
  // taken.
  const addrinfo* chosen = found;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (next->ai_family == AF_INET) {
      chosen = next;
      break;
    }
  }
  Resolved resolved;
  std::memcpy(&resolved.address, chosen->ai_addr, chosen->ai_addrlen);
  resolved.bytes = chosen->ai_addrlen;
  freeaddrinfo(found);
  if (!place.plain && !IsLoopback(resolved.address)) {
    return MakeStatus(Outcome::kRefused, Reason::kPermission,
                      Text(address.ToString(),
                           " is not loopback: without TLS anyone on the way could read and write; "
                           "if that is meant, say ?plain"));
  }
  return resolved;
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

// The bound address as the target of an Address.
std::string TargetOf(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    return Text(host, ":", ntohs(in.sin_port));
  }
  const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
  return Text("[", host, "]:", ntohs(in6.sin6_port));
}

class TcpTransport final : public Transport {
 public:
  std::string_view scheme() const override { return "tcp"; }

  absl::StatusOr<Caps> Describe(const Address& address, Role role) const override {
    absl::StatusOr<Place> place = Read(address, role);
    if (!place.ok()) return place.status();
    return TcpCaps();
  }

  absl::StatusOr<std::unique_ptr<Opening>> Open(const Address& address, Role role, Node& node,
                                                LinkSink& sink) const override {
    absl::StatusOr<Place> place = Read(address, role);
    if (!place.ok()) return place.status();
    absl::StatusOr<Resolved> where = Resolve(address, *place);
    if (!where.ok()) return where.status();
    const int fd = node.sys().Socket(where->address.ss_family, SOCK_STREAM, 0);
    if (fd < 0) return SysError(-fd, Text("socket for ", address.ToString()));
    const auto* name = reinterpret_cast<const sockaddr*>(&where->address);
    if (role == Role::kConnect) {
      const int result = node.sys().Connect(fd, name, where->bytes);
      return MakeSocketClient(node, sink, fd, result, Text("connect ", address.ToString()),
                              MakeHandOver(node, address.ToString()));
    }
    node.sys().SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    int result = node.sys().Bind(fd, name, where->bytes);
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
