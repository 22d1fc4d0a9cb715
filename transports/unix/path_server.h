// A path that is served: guarded by a lock file beside it, which tells a living server from a dead
// one's socket without a race between two that start at once.
//
// Thread: the node's. Owns: the lock, and the socket's name once bound.
#ifndef JACKFIELD_TRANSPORTS_UNIX_PATH_SERVER_H_
#define JACKFIELD_TRANSPORTS_UNIX_PATH_SERVER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/transport.h"

namespace jackfield {

class PathServer final : public Opening {
 public:
  // Takes the lock, and removes the socket that a dead server left.
  // Errors: ALREADY_EXISTS (somebody serves there, or it is not a socket of this user).
  static absl::StatusOr<std::unique_ptr<PathServer>> Lock(const std::string& path);
  PathServer(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
  ~PathServer() override;

  void SetBound() { bound_ = true; }
  void SetInner(std::unique_ptr<Opening> inner) { inner_ = std::move(inner); }

 private:
  const std::string path_;
  const int lock_fd_;
  bool bound_ = false;
  std::unique_ptr<Opening> inner_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UNIX_PATH_SERVER_H_
