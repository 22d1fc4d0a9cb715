// What an address of `udp:` says, and what it can do. Pure: the host is looked up in resolve.h.
#ifndef JACKFIELD_TRANSPORTS_UDP_SETTINGS_H_
#define JACKFIELD_TRANSPORTS_UDP_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/caps.h"
#include "kernel/transport.h"
#include "transports/engine/internet_name.h"

namespace jackfield {

struct UdpSettings {
  HostPort where;
  bool multicast = false;  // the host is a group
  bool plain = false;
  bool loop = true;
  int ttl = 1;  // 0..255
  std::string iface;

  // Errors: INVALID_ARGUMENT; PERMISSION_DENIED (beyond this machine by its text, and not ?plain).
  static absl::StatusOr<UdpSettings> Read(const Address& address, Role role);
  absl::Status NotLoopback(const Address& address) const;  // PERMISSION_DENIED, and what to do
};

Caps CapsOf(const UdpSettings& settings, Role role);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_SETTINGS_H_
