// A path that a socket is served at. A lock beside it tells a living server from a dead one's
// socket, without a race between two that start at once: a socket whose server is dead is replaced,
// a living one's is not, and what is no socket of this user is left alone. A socket beside which
// there was no lock is not the bus's: it is replaced only if nobody listens there.
//
// Each path is noted in the runtime directory (place_record.h), for socket_resources.h.
//
// Thread: the node's. Blocks: for a few system calls on the file system, and as TakeLock.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SOCKET_PATH_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SOCKET_PATH_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "transports/engine/path_permissions.h"

namespace jackfield {

// Owns the path while it lives; removes the socket, if it was bound, and the lock.
class SocketPath {
 public:
  // Makes `path` free to be bound. what: the address, for errors.
  // Errors: ALREADY_EXISTS (somebody serves there, or something else lies there); as open(2).
  static absl::StatusOr<std::unique_ptr<SocketPath>> Claim(std::string path, std::string_view what);

  // The lock beside a path.
  static std::string LockOf(const std::string& path) { return path + ".lock"; }
  ~SocketPath();
  SocketPath(const SocketPath&) = delete;

  // A socket of `scheme` has been bound there, and does not listen yet: it gets its permissions.
  // Errors: as SetPathPermissions; it is removed with this.
  absl::Status SetBound(std::string_view scheme, const PathPermissions& permissions);

 private:
  SocketPath(std::string path, int lock_fd, std::string what)
      : path_(std::move(path)), lock_fd_(lock_fd), what_(std::move(what)) {}

  const std::string path_;
  const int lock_fd_;
  const std::string what_;  // for errors
  bool bound_ = false;
  std::string record_;  // the note of it
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SOCKET_PATH_H_
