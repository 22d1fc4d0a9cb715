#include "transports/engine/internet_name.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/about.h"

namespace jackfield {
namespace {

bool MayLeave(const Address& address) { return address.secured() || address.Find("plain"); }

absl::Status NotLoopback(const Address& address, std::string_view stands_for) {
  return MakeStatus(Outcome::kRefused, Reason::kPermission,
                    Text(address.ToString(), stands_for,
                         " is not loopback: without TLS anyone on the way could read and write; "
                         "put tls+ in front, or, if that is meant, say ?plain"));
}

template <class Number>
bool ReadNumber(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

bool IsLinkLocal(const InternetName& name) {
  return name.address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6&>(name.address).sin6_addr);
}

void SetPort(InternetName& name, const std::string& port) {
  uint16_t number = 0;
  ReadNumber(port, number);
  if (name.address.ss_family == AF_INET)
    reinterpret_cast<sockaddr_in&>(name.address).sin_port = htons(number);
  else
    reinterpret_cast<sockaddr_in6&>(name.address).sin6_port = htons(number);
}

absl::StatusOr<InternetNames> LookUp(const Address& address, const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // one of each address; what is made of it is the caller's
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
      error != 0) {
    const std::string why =
        About(address, "no address for \"", Escaped(where.host), "\": ", gai_strerror(error));
    return error == EAI_AGAIN
               ? absl::UnavailableError(Text(why, "; does a name server answer (resolv.conf(5))?"))
               : absl::InvalidArgumentError(why);
  }
  InternetNames names;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (next->ai_addrlen > sizeof(sockaddr_storage)) continue;
    InternetName& name = names.emplace_back();
    std::memcpy(&name.address, next->ai_addr, next->ai_addrlen);
    name.bytes = next->ai_addrlen;
  }
  freeaddrinfo(found);
  return names;
}

}  // namespace

absl::StatusOr<HostPort> HostPort::Read(const Address& address, Role role) {
  const auto bad = [&](std::string_view why) {
    return absl::InvalidArgumentError(About(address, why, "; write ", address.scheme(),
                                            "://HOST:PORT or ", address.scheme(),
                                            "://[IPV6]:PORT"));
  };
  HostPort where;
  const std::string_view target = address.target();
  if (target.empty()) {
    if (role == Role::kConnect) return bad("a client needs to know where");
    return where;
  }
  const size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || target.ends_with(']')) return bad("no port");
  where.port = target.substr(colon + 1);
  std::string_view host = target.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) {
    host = host.substr(1, host.size() - 2);
    const size_t percent = host.find('%');
    if (percent != std::string_view::npos) {
      where.zone = host.substr(percent + 1);
      host = host.substr(0, percent);
      if (where.zone.empty()) return bad("no interface behind the percent sign");
    }
  } else if (host.find(':') != std::string_view::npos) {
    return bad("an IPv6 address is written in brackets");
  }
  if (!host.empty() || brackets) where.host = host;
  uint16_t port = 0;
  if (!ReadNumber(where.port, port)) return bad("a port is 0..65535");
  if (port == 0 && role == Role::kConnect) return bad("a client needs a port other than 0");
  if (!brackets) return where;
  const std::optional<InternetName> number = where.Number();
  if (!number || number->address.ss_family != AF_INET6)
    return bad(Text("\"", Escaped(where.host), "\" in brackets is no IPv6 number"));
  if (IsLinkLocal(*number) && where.zone.empty()) {
    return bad(Text("a link-local address is another one on each interface; say which, as in [",
                    where.host, "%eth0]"));
  }
  return where;
}

std::optional<InternetName> HostPort::Number() const {
  InternetName name;
  auto& in = reinterpret_cast<sockaddr_in&>(name.address);
  auto& in6 = reinterpret_cast<sockaddr_in6&>(name.address);
  if (inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    name.bytes = sizeof in6;
    return name;
  }
  // Also "127.1" and its like, which getaddrinfo(3) takes for numbers.
  name = {};
  const bool may_be = host.find_first_not_of("0123456789abcdefABCDEFxX.") == std::string::npos;
  if (!may_be || inet_aton(host.c_str(), &in.sin_addr) == 0) return std::nullopt;
  in.sin_family = AF_INET;
  name.bytes = sizeof in;
  return name;
}

bool HostPort::IsLoopbackByName() const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const std::optional<InternetName> number = Number();
  return number && number->IsLoopback();
}

bool InternetName::IsLoopback() const {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

absl::StatusOr<InternetNames> Resolve(const Address& address, const HostPort& where) {
  std::optional<InternetName> number = where.Number();
  if (!number) return LookUp(address, where);
  SetPort(*number, where.port);
  if (!where.zone.empty()) {
    const uint32_t index = InterfaceOf(where.zone);
    if (index == 0) {
      return absl::InvalidArgumentError(About(address, "no interface \"", Escaped(where.zone),
                                              "\"; those that are up: ", InterfacesThatAreUp()));
    }
    reinterpret_cast<sockaddr_in6&>(number->address).sin6_scope_id = index;
  }
  return InternetNames{*number};
}

absl::StatusOr<HostPort> ReadAllowed(const Address& address, Role role) {
  absl::StatusOr<HostPort> where = HostPort::Read(address, role);
  if (!where.ok() || MayLeave(address) || where->IsLoopbackByName()) return where;
  return NotLoopback(address, "");
}

absl::StatusOr<InternetNames> ResolveAllowed(const Address& address, const HostPort& where) {
  absl::StatusOr<InternetNames> names = Resolve(address, where);
  if (!names.ok() || MayLeave(address)) return names;
  for (const InternetName& name : *names) {
    if (!name.IsLoopback())
      return NotLoopback(address, Text(", which is ", TextOf(name.address), ","));
  }
  return names;
}

InternetNames ToServeAt(InternetNames names) {
  std::stable_partition(names.begin(), names.end(),
                        [](const InternetName& name) { return name.address.ss_family == AF_INET; });
  return names;
}

bool IsNotOfThisMachine(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

uint32_t InterfaceOf(const std::string& zone) {
  const uint32_t index = if_nametoindex(zone.c_str());
  uint32_t number = 0;
  char name[IF_NAMESIZE];
  if (index != 0 || !ReadNumber(zone, number)) return index;
  return if_indextoname(number, name) != nullptr ? number : 0;
}

std::string InterfacesThatAreUp() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return "unknown";
  std::set<std::string> names;  // one has an entry for each of its addresses
  for (const ifaddrs* next = all; next != nullptr; next = next->ifa_next) {
    if ((next->ifa_flags & IFF_UP) != 0) names.insert(next->ifa_name);
  }
  freeifaddrs(all);
  const std::vector<std::string_view> words(names.begin(), names.end());
  return words.empty() ? "none" : Listed(words);
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
  std::string zone;
  if (in6.sin6_scope_id != 0) {
    char name[IF_NAMESIZE];
    zone = if_indextoname(in6.sin6_scope_id, name) != nullptr ? Text("%", name)
                                                              : Text("%", in6.sin6_scope_id);
  }
  return Text("[", host, zone, "]:", ntohs(in6.sin6_port));
}

absl::Status NoneOf(std::string_view what, const std::vector<FailedPlace>& failed) {
  const auto why = [](const FailedPlace& one) {
    const std::string text(one.status.message());
    return text.starts_with(one.place) ? text.substr(one.place.size()) : Text(": ", text);
  };
  std::string text(what);
  std::vector<bool> told(failed.size());
  bool first = true;
  for (size_t i = 0; i < failed.size(); ++i) {
    if (told[i]) continue;
    std::vector<std::string_view> places;
    for (size_t j = i; j < failed.size(); ++j) {
      if (why(failed[j]) != why(failed[i])) continue;
      told[j] = true;
      places.push_back(failed[j].place);
    }
    text += Text(std::exchange(first, false) ? " at " : "; at ", Listed(places), why(failed[i]));
  }
  const auto worth_a_try = std::find_if(failed.begin(), failed.end(), [](const FailedPlace& one) {
    return one.status.code() == absl::StatusCode::kUnavailable;
  });
  const absl::Status& like = (worth_a_try == failed.end() ? failed.front() : *worth_a_try).status;
  return MakeStatus(OutcomeOf(like), ReasonOf(like), static_cast<int>(like.code()), text);
}

std::string HostOf(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, host, sizeof host);
    return host;
  }
  if (address.ss_family != AF_INET6) return "";
  in6_addr network = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  std::memset(network.s6_addr + 8, 0, 8);
  inet_ntop(AF_INET6, &network, host, sizeof host);
  return Text(host, "/64");
}

std::string PeerHostOf(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  getpeername(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  return HostOf(address);
}

std::string TargetOf(int fd) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes);
  return TextOf(address);
}

bool IsConnectedToItself(int fd) {
  sockaddr_storage own{}, peer{};
  socklen_t own_bytes = sizeof own, peer_bytes = sizeof peer;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_bytes) == 0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_bytes) == 0 &&
         (own.ss_family == AF_INET || own.ss_family == AF_INET6) && own_bytes == peer_bytes &&
         std::memcmp(&own, &peer, own_bytes) == 0;
}

}  // namespace jackfield
