// Who may use what a server makes at a path: the ?mode= and ?gid= of its address.
//
//   unix:/run/kv.sock?mode=0660&gid=kv      this program's user, and the members of the group kv
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PATH_PERMISSIONS_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PATH_PERMISSIONS_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/address.h"

namespace jackfield {

struct PathPermissions {
  mode_t mode = 0600;  // 0660 if there is a group and nothing else is said
  std::string group;   // a name or a number; "": the program's own

  // The permissions decide who comes in, so a server does not ask for its own uid besides.
  bool name_a_group() const { return !group.empty(); }
};

enum class Place { kPath, kElsewhere };

// Pure. place: kElsewhere has no permissions, and any that are said are refused.
// Errors: INVALID_ARGUMENT.
absl::StatusOr<PathPermissions> ReadPathPermissions(const Address& address, Place place);

// Gives them to what is at `path`. what: the address, for errors.
// Errors: INVALID_ARGUMENT (there is no such group); PERMISSION_DENIED (this user is not in it);
// as chmod(2), chown(2).
absl::Status SetPathPermissions(const PathPermissions& permissions, const std::string& path,
                                std::string_view what);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PATH_PERMISSIONS_H_
