// A supervisor that leaves the terminal (jackfield up -d): a child goes on without it, and the
// parent stays until the wiring is up, to show what is said and to return how it went.
//
// Thread: the main one, before others are started.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_DETACH_H_
#define JACKFIELD_TOOLS_SUPERVISOR_DETACH_H_

#include <optional>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {

struct Detached {
  // In the parent: of the command, 0 or the child's. Nothing: this is the child.
  std::optional<int> exit_status;
  OwnedFd parent;  // in the child, for LetGo
};

// Forks. The child leads a session of its own, reads from and writes to /dev/null, and its stderr
// is the parent's until LetGo. The parent returns when the child has let go, or has ended, and
// passes SIGINT, SIGTERM and SIGHUP on to it until then. Errors: RESOURCE_EXHAUSTED (processes,
// descriptors).
absl::StatusOr<Detached> Detach();

// In the child: stderr is /dev/null from now on, and the parent returns.
void LetGo(OwnedFd parent);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_DETACH_H_
