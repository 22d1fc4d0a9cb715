// What an address of shm: says. The forms are in shm.h.
#ifndef JACKFIELD_TRANSPORTS_SHM_SHM_SETTINGS_H_
#define JACKFIELD_TRANSPORTS_SHM_SHM_SETTINGS_H_

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/caps.h"
#include "kernel/transport.h"
#include "transports/engine/path_permissions.h"
#include "transports/shm/uid_quota.h"

namespace jackfield {

// How the one end wakes the other when it sleeps. The numbers are those of the hello record.
enum class BellKind : uint32_t { kEventFd = 1, kSocket = 2 };

struct ShmSettings {
  static constexpr uint64_t kLaneBytesDefault = 4 << 20;
  static constexpr uint64_t kLaneBytesMin = 64 << 10;
  static constexpr uint64_t kLaneBytesMax = 1 << 30;
  static constexpr uint64_t kQuotaBytesDefault = uint64_t{4} << 30;

  // Errors: INVALID_ARGUMENT.
  static absl::StatusOr<ShmSettings> Read(const Address& address, Role role);

  // The socket's name. Requires: the address is not bare, or has a path.
  sockaddr_un socket_name() const;
  socklen_t socket_name_bytes() const;
  static Caps caps();

  std::string name;  // of an abstract socket, without the prefix; empty if there is a path
  std::string path;
  PathPermissions permissions;  // of the path
  bool any_uid = false;
  bool huge = false;
  bool lock = false;
  bool chosen_bell = false;  // by the user
  BellKind bell = BellKind::kEventFd;
  uint64_t lane_bytes = kLaneBytesDefault;
  uint64_t quota_bytes = kQuotaBytesDefault;       // that one uid may have mapped at this server
  uint32_t lanes_max = UidQuota::kLanesUnbounded;  // connections that one uid may have at it
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHM_SHM_SETTINGS_H_
