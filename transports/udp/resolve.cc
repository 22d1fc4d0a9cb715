#include "transports/udp/resolve.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

#include "kernel/outcome.h"
#include "kernel/text.h"
#include "transports/engine/seamed.h"

namespace jackfield {
namespace {

bool IsLoopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

// 0: the system chooses.
int IndexOf(const UdpSettings& settings) {
  return settings.iface.empty() ? 0 : static_cast<int>(if_nametoindex(settings.iface.c_str()));
}

template <class Value>
int Set(const Sys& sys, int fd, int level, int name, const Value& value) {
  return static_cast<int>(ThroughSeam(sys, Site::kSetOption, fd, [&] {
    return setsockopt(fd, level, name, &value, sizeof value);
  }));
}

}  // namespace

absl::StatusOr<UdpName> Resolve(const Address& address, const UdpSettings& settings) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(settings.host.c_str(), settings.port.c_str(), &hints, &found);
      error != 0) {
    return absl::InvalidArgumentError(Text(address.ToString(), ": no address for \"", settings.host,
                                           "\": ", gai_strerror(error)));
  }
  // "localhost" is often both ::1 and 127.0.0.1: the older one is taken, as by tcp:.
  const addrinfo* chosen = found;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (next->ai_family == AF_INET) {
      chosen = next;
      break;
    }
  }
  UdpName name;
  std::memcpy(&name.address, chosen->ai_addr, chosen->ai_addrlen);
  name.bytes = chosen->ai_addrlen;
  freeaddrinfo(found);
  const bool here = settings.multicast ? settings.iface == "lo" : IsLoopback(name.address);
  if (!here && !settings.plain) {
    return MakeStatus(
        Outcome::kRefused, Reason::kPermission,
        Text(address.ToString(), " is not loopback: anyone on the way could read and write; if ",
             "that is meant, say ?plain",
             settings.multicast ? ", and to stay on this machine ?iface=lo" : ""));
  }
  if (!settings.iface.empty() && IndexOf(settings) == 0) {
    return absl::InvalidArgumentError(Text(address.ToString(), ": no interface \"", settings.iface,
                                           "\"; ip link shows which there are"));
  }
  // A group of one link or one machine is a different one on each interface.
  if (name.address.ss_family == AF_INET6 && !settings.iface.empty())
    reinterpret_cast<sockaddr_in6&>(name.address).sin6_scope_id =
        static_cast<uint32_t>(IndexOf(settings));
  return name;
}

std::string TextOf(const sockaddr_storage& address) {
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

std::string TargetOf(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  return TextOf(address);
}

absl::Status SetSender(const Sys& sys, int fd, const UdpName& group, const UdpSettings& settings,
                       const Address& address) {
  const int loop = settings.loop ? 1 : 0, index = IndexOf(settings);
  int result = 0;
  if (group.address.ss_family == AF_INET) {
    ip_mreqn request{};
    request.imr_ifindex = index;
    result = Set(sys, fd, IPPROTO_IP, IP_MULTICAST_TTL, settings.ttl);
    if (result >= 0) result = Set(sys, fd, IPPROTO_IP, IP_MULTICAST_LOOP, loop);
    if (result >= 0 && index != 0) result = Set(sys, fd, IPPROTO_IP, IP_MULTICAST_IF, request);
  } else {
    result = Set(sys, fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, settings.ttl);
    if (result >= 0) result = Set(sys, fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop);
    if (result >= 0 && index != 0) result = Set(sys, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }
  return result < 0 ? SysError(-result, Text("multicast options for ", address.ToString()))
                    : absl::OkStatus();
}

absl::Status Join(const Sys& sys, int fd, const UdpName& group, const UdpSettings& settings,
                  const Address& address) {
  int result = 0;
  if (group.address.ss_family == AF_INET) {
    ip_mreqn request{};
    request.imr_multiaddr = reinterpret_cast<const sockaddr_in&>(group.address).sin_addr;
    request.imr_ifindex = IndexOf(settings);
    result = Set(sys, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
    // Else the socket also gets groups that others on this machine have joined (ip(7)).
    if (result >= 0) result = Set(sys, fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  } else {
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = reinterpret_cast<const sockaddr_in6&>(group.address).sin6_addr;
    request.ipv6mr_interface = static_cast<unsigned>(IndexOf(settings));
    result = Set(sys, fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, request);
  }
  return result < 0 ? SysError(-result, Text("join ", address.ToString())) : absl::OkStatus();
}

}  // namespace jackfield
