// What a unix: address says, read once.
#ifndef JACKFIELD_TRANSPORTS_UNIX_SETTINGS_H_
#define JACKFIELD_TRANSPORTS_UNIX_SETTINGS_H_

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <string>

#include "absl/status/statusor.h"
#include "kernel/transport.h"
#include "transports/engine/path_permissions.h"

namespace jackfield {

struct UnixSettings {
  enum class Type : uint8_t { kStream, kPackets, kDatagrams };
  Type type = Type::kStream;
  bool any_uid = false;
  PathPermissions permissions;
  sockaddr_un name{};
  socklen_t name_bytes = 0;
  bool path = false;

  int socket_type() const {
    return type == Type::kStream    ? SOCK_STREAM
           : type == Type::kPackets ? SOCK_SEQPACKET
                                    : SOCK_DGRAM;
  }
  const sockaddr* sockname() const { return reinterpret_cast<const sockaddr*>(&name); }
  // May a process of that user be at the other end?
  bool Admits(uint32_t uid) const;
};

inline constexpr uint32_t kUnixPacketFrameBytesMax = 128 << 10;

// Errors: INVALID_ARGUMENT, with what is wrong.
absl::StatusOr<UnixSettings> ReadUnixSettings(const Address& address, Role role);

Caps CapsOf(const UnixSettings& settings);

// The address that `fd` was bound to, where the kernel chose it.
Address ActualAddress(const Address& address, int fd);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UNIX_SETTINGS_H_
