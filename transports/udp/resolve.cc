#include "transports/udp/resolve.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/about.h"
#include "transports/engine/seamed.h"

namespace jackfield {
namespace {

// 0: the system chooses.
int IndexOf(const UdpSettings& settings) {
  return settings.iface.empty() ? 0 : static_cast<int>(InterfaceOf(settings.iface));
}

// A group is on no network of itself: the routes say on which, or ?iface=.
absl::Status Failed(int error, std::string_view doing, const UdpSettings& settings,
                    const Address& address) {
  const std::string what = Text(doing, " ", address.ToString());
  constexpr int kNoWay[] = {ENODEV,       ENXIO,    EADDRNOTAVAIL, ENETUNREACH,
                            EHOSTUNREACH, ENETDOWN, EINVAL};
  if (std::find(std::begin(kNoWay), std::end(kNoWay), error) == std::end(kNoWay))
    return SysError(error, what);
  return Refused(
      Reason::kUnreachable,
      Text(what, ": ", strerrordesc_np(error), " (", strerrorname_np(error), "); ",
           settings.iface.empty()
               ? Text("no route leads to the group: say on which interface it is, as in ?iface=lo "
                      "(up are: ",
                      InterfacesThatAreUp(), ")")
               : Text("is the interface ", settings.iface,
                      " up, and has it an address (ip addr)? Up are: ", InterfacesThatAreUp())));
}

template <class Value>
int Set(const Sys& sys, int fd, int level, int name, const Value& value) {
  return static_cast<int>(ThroughSeam(sys, Site::kSetOption, fd, [&] {
    return setsockopt(fd, level, name, &value, sizeof value);
  }));
}

}  // namespace

absl::StatusOr<InternetNames> Resolve(const Address& address, const UdpSettings& settings) {
  absl::StatusOr<InternetNames> names = Resolve(address, settings.where);
  if (!names.ok()) return names;
  if (!settings.iface.empty() && IndexOf(settings) == 0) {
    return absl::InvalidArgumentError(About(address, "no interface \"", Escaped(settings.iface),
                                            "\"; those that are up: ", InterfacesThatAreUp()));
  }
  for (InternetName& name : *names) {
    // What Read has let pass by its name may be something else by its number.
    if (!settings.multicast && !settings.plain && !name.IsLoopback())
      return settings.NotLoopback(address);
    // A group of one link or one machine is a different one on each interface.
    if (name.address.ss_family == AF_INET6 && !settings.iface.empty())
      reinterpret_cast<sockaddr_in6&>(name.address).sin6_scope_id =
          static_cast<uint32_t>(IndexOf(settings));
  }
  return names;
}

absl::Status ConnectSender(const Sys& sys, int fd, const InternetName& group,
                           const UdpSettings& settings, const Address& address) {
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
  if (result < 0) return Failed(-result, "multicast options for", settings, address);
  result = sys.Connect(fd, group.get(), group.bytes);
  return result < 0 ? Failed(-result, "connect", settings, address) : absl::OkStatus();
}

absl::Status Join(const Sys& sys, int fd, const InternetName& group, const UdpSettings& settings,
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
  return result < 0 ? Failed(-result, "join", settings, address) : absl::OkStatus();
}

}  // namespace jackfield
