#include "transports/udp/places.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// An IPv4 address as an IPv6 socket names it (RFC 4291, 2.5.5.2).
InternetName Mapped(const InternetName& name) {
  const auto& in = reinterpret_cast<const sockaddr_in&>(name.address);
  InternetName mapped;
  auto& in6 = reinterpret_cast<sockaddr_in6&>(mapped.address);
  in6.sin6_family = AF_INET6;
  in6.sin6_port = in.sin_port;
  in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(in6.sin6_addr.s6_addr + 12, &in.sin_addr, sizeof in.sin_addr);
  mapped.bytes = sizeof in6;
  return mapped;
}

bool IsV6(const InternetName& name) { return name.address.ss_family == AF_INET6; }

}  // namespace

UdpPlaces::UdpPlaces(const Address& of, const InternetNames& names)
    : what_(Text("connect ", of.ToString())),
      numeric_(names.size() == 1 && TextOf(names.front().address) == of.target()) {
  for (const InternetName& name : names)
    places_.push_back({name, TextOf(name.address), absl::OkStatus()});
}

int UdpPlaces::MakeSocket(const Sys& sys) {
  const auto v6 = [](const Place& place) { return IsV6(place.name); };
  const auto v4 = [](const Place& place) { return !IsV6(place.name); };
  const bool any_v4 = std::any_of(places_.begin(), places_.end(), v4);
  if (!std::any_of(places_.begin(), places_.end(), v6)) return sys.Socket(AF_INET, SOCK_DGRAM, 0);
  const int fd = sys.Socket(AF_INET6, SOCK_DGRAM, 0);
  if (!any_v4) return fd;
  if (fd == -EAFNOSUPPORT) {  // a system without IPv6
    std::erase_if(places_, v6);
    return sys.Socket(AF_INET, SOCK_DGRAM, 0);
  }
  if (fd < 0) return fd;
  sys.SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  for (Place& place : places_) {
    if (v4(place)) place.name = Mapped(place.name);
  }
  return fd;
}

int UdpPlaces::ConnectFirst(const Sys& sys, int fd, int64_t now_ns) {
  return ConnectFrom(sys, fd, 0, now_ns) ? 0 : -last_error_;
}

bool UdpPlaces::ConnectFrom(const Sys& sys, int fd, size_t first, int64_t now_ns) {
  for (at_ = first; at_ < places_.size(); ++at_) {
    Place& place = places_[at_];
    if (connected_) {  // gives its own address back, which is of the old way
      sockaddr nowhere{};
      nowhere.sa_family = AF_UNSPEC;
      sys.Connect(fd, &nowhere, sizeof nowhere);
      connected_ = false;
    }
    const int result = sys.Connect(fd, place.name.get(), place.name.bytes);
    connected_ = result == 0;
    // It would talk to itself, and keep the port from its server.
    if (connected_ && !IsConnectedToItself(fd)) {
      since_ns_ = now_ns;
      return true;
    }
    Fail(place, connected_ ? ECONNREFUSED : -result);
    last_error_ = connected_ ? ECONNREFUSED : -result;
  }
  at_ = places_.size() - 1;
  return false;
}

void UdpPlaces::Fail(Place& place, int error) const { place.failed = SysError(error, place.text); }

bool UdpPlaces::MovesOn(const Sys& sys, int fd, int error, int64_t now_ns) {
  if (settled_) return false;
  Fail(places_[at_], error);
  return at_ + 1 < places_.size() && ConnectFrom(sys, fd, at_ + 1, now_ns);
}

void UdpPlaces::MoveOnFromSilence(const Sys& sys, int fd, int64_t now_ns) {
  places_[at_].failed = absl::UnavailableError(Text(places_[at_].text, ": no answer"));
  if (at_ + 1 < places_.size() && ConnectFrom(sys, fd, at_ + 1, now_ns)) return;
  ConnectFrom(sys, fd, 0, now_ns);
}

absl::Status UdpPlaces::Why(int error) const {
  if (numeric_) return SysError(error, what_);
  std::vector<FailedPlace> failed;
  for (const Place& place : places_) {
    if (!place.failed.ok()) failed.push_back({place.text, place.failed});
  }
  return failed.empty() ? SysError(error, what_) : NoneOf(what_, failed);
}

}  // namespace jackfield
