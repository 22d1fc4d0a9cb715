// The common beginning of the verbs that speak to a service: TARGET [-T DURATION] → a Remote that
// is connected and has said what it serves.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_REACH_H_
#define JACKFIELD_TOOLS_VERBS_REACH_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/program.h"
#include "tools/dynamic/remote.h"

namespace jackfield {

inline constexpr Flag kTimeoutFlag = {
    'T', "timeout", "DURATION",
    "how long to wait to connect (else 1s) and for an answer (else 5s)"};

// 0: the flag is not there. Errors: INVALID_ARGUMENT: it is no duration, or none that one can wait.
absl::StatusOr<nanoseconds> TimeoutOf(const Arguments& arguments);

struct Reached {
  std::unique_ptr<dynamic::Remote> remote;  // null: it was said why, and that is the exit status
  int exit_status = kExitOk;
};
Reached ReachTarget(const Program& program, const Arguments& arguments, std::string_view target);

// Says why something that was asked of `remote` before a call failed. Returns the exit status.
int ComplainOfRemote(const dynamic::Remote& remote, const absl::Status& status);

// "NOT_FOUND: no item of that name", "DEADLINE_EXCEEDED: … (IN_DOUBT deadline)"
std::string StatusText(const absl::Status& status);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_REACH_H_
