// Directories that keep what is in them from other users. In a private one nobody else can look. In
// a guarded one nobody else can remove or swap what this user has put there; who finds something
// there still asks whose it is.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PRIVATE_DIRECTORY_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PRIVATE_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

// Opens `path`, which must be a directory (not a symlink to one), be owned by this program's
// effective user, and have no permission for group or others. what: for errors, the address.
// Errors: UNAVAILABLE (it is not there); PERMISSION_DENIED (it is not private, and how to make it
// so); INVALID_ARGUMENT (no directory).
absl::StatusOr<OwnedFd> OpenPrivateDirectory(const std::string& path, const std::string& what);

// The same for one in which only its owner may write, this program's user or root; or everybody, if
// each may remove but his own (the sticky bit, as /tmp has it).
// Errors: as OpenPrivateDirectory.
absl::StatusOr<OwnedFd> OpenGuardedDirectory(const std::string& path, const std::string& what);

// Where the bus keeps what nobody has chosen a place for: $XDG_RUNTIME_DIR/jackfield, or
// /tmp/jackfield-UID where that variable is not set.
std::string RuntimeDirectory();

// The same, made if need be, and opened. Another program may remove it at any moment while it is
// empty (RemoveRuntimeDirectoryIfEmpty): who finds that a name in it cannot be made tries again.
absl::StatusOr<OwnedFd> MakeRuntimeDirectory();

// Makes it if `path` lies in it: for who serves once more at a place that was chosen there before,
// as a service that is started again does. Who opens the place says what is wrong with it.
void MakeRuntimeDirectoryFor(const std::string& path);

// Called by whoever removed something from it, or made it and then put nothing there.
void RemoveRuntimeDirectoryIfEmpty();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PRIVATE_DIRECTORY_H_
