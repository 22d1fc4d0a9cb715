// The wirings of this user that are up on this machine, and where the supervisor of each is
// reached (tools/supervisor/control.h).
//
// An abstract socket named after the user, the wiring and the supervisor's process is all that
// there is of it: who lists them reads /proc/net/unix. So a wiring is seen from its own network
// namespace, and one that was killed is not seen any more.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNNING_WIRINGS_H_
#define JACKFIELD_TOOLS_RUNNING_WIRINGS_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield {

struct RunningWiring {
  std::string
      name;     // as in its address: at most 64 bytes, '_' for what an address has no place for
  int pid = 0;  // of its supervisor
  std::string address;
};

// `wiring` as in RunningWiring::name.
std::string NameInAddress(std::string_view wiring);

std::string ControlAddress(std::string_view wiring, uid_t uid, pid_t pid);

// In the order of their names, then of their numbers.
std::vector<RunningWiring> RunningWirings();
// The same, out of the text of /proc/net/unix.
std::vector<RunningWiring> RunningWiringsIn(std::string_view sockets, uid_t uid);

// The one that is meant by NAME, by NAME@PID where several have that name, or by "", if only one is
// up. Errors: NOT_FOUND (says which are up); FAILED_PRECONDITION (several are meant).
absl::StatusOr<RunningWiring> PickWiring(const std::vector<RunningWiring>& up,
                                         std::string_view wanted);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_WIRINGS_H_
