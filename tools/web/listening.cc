#include "tools/web/listening.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include "kernel/base/text.h"

namespace jackfield::web {
namespace {

constexpr int kBacklog = 64;

union Place {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

socklen_t SizeOf(const Place& place) {
  return place.any.sa_family == AF_INET ? sizeof place.v4 : sizeof place.v6;
}

std::optional<Place> Read(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  std::string host(text.substr(0, colon));
  Place place{};
  if (host == "localhost") host = "127.0.0.1";
  if (inet_pton(AF_INET, host.c_str(), &place.v4.sin_addr) == 1) {
    place.v4.sin_family = AF_INET;
    place.v4.sin_port = htons(port);
    return place;
  }
  if (!host.starts_with('[') || !host.ends_with(']')) return std::nullopt;
  host = host.substr(1, host.size() - 2);
  if (inet_pton(AF_INET6, host.c_str(), &place.v6.sin6_addr) != 1) return std::nullopt;
  place.v6.sin6_family = AF_INET6;
  place.v6.sin6_port = htons(port);
  return place;
}

std::string TextOf(const Place& place) {
  char host[INET6_ADDRSTRLEN] = "";
  if (place.any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &place.v4.sin_addr, host, sizeof host);
    return Text(host, ":", ntohs(place.v4.sin_port));
  }
  inet_ntop(AF_INET6, &place.v6.sin6_addr, host, sizeof host);
  return Text("[", host, "]:", ntohs(place.v6.sin6_port));
}

bool IsLoopback(const Place& place) {
  if (place.any.sa_family == AF_INET) return ntohl(place.v4.sin_addr.s_addr) >> 24 == 127;
  return IN6_IS_ADDR_LOOPBACK(&place.v6.sin6_addr);
}

absl::Status Cannot(std::string_view text, int error) {
  if (error == EADDRINUSE)
    return absl::UnavailableError(Text(text, " is in use by another program\n  try: --listen ",
                                       text.substr(0, text.rfind(':')),
                                       ":0, which takes a free port"));
  if (error == EADDRNOTAVAIL)
    return absl::UnavailableError(Text("cannot listen at ", text,
                                       ": this machine has no such address\n"
                                       "  try: --listen 127.0.0.1:0"));
  if (error == EACCES)
    return absl::UnavailableError(Text("may not listen at ", text,
                                       ": ports below 1024 are for root\n"
                                       "  try: --listen 127.0.0.1:0"));
  return absl::UnavailableError(Text("cannot listen at ", text, ": ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<Listening> Listen(std::string_view text) {
  std::optional<Place> place = Read(text);
  if (!place)
    return absl::InvalidArgumentError(
        Text("--listen is an address with a port, such as 127.0.0.1:7700 or [::1]:0 (0: a free "
             "one), not \"",
             Escaped(text), "\""));
  Listening listening;
  listening.is_loopback = IsLoopback(*place);
  listening.fd =
      OwnedFd(socket(place->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const int fd = listening.fd.get();
  socklen_t size = SizeOf(*place);
  // Reused is what an earlier program has left in TIME_WAIT, never what another one listens at.
  if (!listening.fd.ok() || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      bind(fd, &place->any, size) != 0 || listen(fd, kBacklog) != 0 ||
      getsockname(fd, &place->any, &size) != 0)
    return Cannot(text, errno);
  listening.place = TextOf(*place);
  return listening;
}

}  // namespace jackfield::web
