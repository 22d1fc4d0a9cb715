#include "transports/engine/internet_name.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "kernel/outcome.h"
#include "kernel/text.h"
#include "transports/engine/about.h"

namespace jackfield {
namespace {

absl::Status NotLoopback(const Address& address) {
  return MakeStatus(Outcome::kRefused, Reason::kPermission,
                    Text(address.ToString(),
                         " is not loopback: without TLS anyone on the way could read and write; "
                         "if that is meant, say ?plain"));
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
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad("an IPv6 address is written in brackets");
  if (!host.empty()) where.host = host;
  int port = 0;
  const char* const end = where.port.data() + where.port.size();
  const auto [stop, error] = std::from_chars(where.port.data(), end, port);
  if (error != std::errc() || stop != end || port < 0 || port > 65535)
    return bad("a port is 0..65535");
  if (port == 0 && role == Role::kConnect) return bad("a client needs a port other than 0");
  return where;
}

bool HostPort::IsLoopbackByName() const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;  // nobody is asked
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  InternetName name;
  std::memcpy(&name.address, found->ai_addr, found->ai_addrlen);
  name.bytes = found->ai_addrlen;
  freeaddrinfo(found);
  return name.IsLoopback();
}

bool InternetName::IsLoopback() const {
  if (address.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

absl::StatusOr<InternetName> Resolve(const Address& address, const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;  // one of each address; what is made of it is the caller's
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found);
      error != 0) {
    const std::string why =
        About(address, "no address for \"", where.host, "\": ", gai_strerror(error));
    return error == EAI_AGAIN
               ? absl::UnavailableError(Text(why, "; does a name server answer (resolv.conf(5))?"))
               : absl::InvalidArgumentError(why);
  }
  const addrinfo* chosen = found;
  for (const addrinfo* next = found; next != nullptr; next = next->ai_next) {
    if (next->ai_family == AF_INET) {
      chosen = next;
      break;
    }
  }
  InternetName name;
  std::memcpy(&name.address, chosen->ai_addr, chosen->ai_addrlen);
  name.bytes = chosen->ai_addrlen;
  freeaddrinfo(found);
  return name;
}

absl::StatusOr<HostPort> ReadAllowed(const Address& address, Role role) {
  absl::StatusOr<HostPort> where = HostPort::Read(address, role);
  if (!where.ok() || where->IsLoopbackByName() || address.Find("plain")) return where;
  return NotLoopback(address);
}

absl::StatusOr<InternetName> ResolveAllowed(const Address& address, const HostPort& where) {
  absl::StatusOr<InternetName> name = Resolve(address, where);
  if (!name.ok() || name->IsLoopback() || address.Find("plain")) return name;
  return NotLoopback(address);
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
