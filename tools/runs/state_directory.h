// Where the bus keeps what is to outlive its programs: $XDG_STATE_HOME/jackfield, or
// ~/.local/state/jackfield, or, for who has no home, the runtime directory. Open to its user alone.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNS_STATE_DIRECTORY_H_
#define JACKFIELD_TOOLS_RUNS_STATE_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"

namespace jackfield {

// Its path; it need not be there.
std::string StateDirectory();

// The same, made if need be, and looked at: it belongs to this user, and nobody else can read it.
// Errors: PERMISSION_DENIED, and what the system says; the text has the path.
absl::StatusOr<std::string> MakeStateDirectory();

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_STATE_DIRECTORY_H_
