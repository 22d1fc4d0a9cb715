// What a command line grants a program: --call and --serve, read as a wiring would be, and checked
// before anything is started.
//
// Thread: the main one. It blocks while a supervisor is asked for a name.
#ifndef JACKFIELD_TOOLS_VERBS_GRANTS_H_
#define JACKFIELD_TOOLS_VERBS_GRANTS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/service.h"
#include "tools/cli/program.h"

namespace jackfield {

inline constexpr Flag kNameFlag = {'\0', "name", "NAME",
                                   "what the program is called on the bus; else the name of CMD"};

// What --name says, or the last part of `command` without its ending: "./tools/up.sh" is "up".
// Errors: INVALID_ARGUMENT: it is no name.
absl::StatusOr<std::string> NameOfProgram(const Arguments& arguments, std::string_view command);

// Can a program that is started alone be granted that address? It stands for calls, or for one-way
// messages alone. Errors: those of Carry, where neither will do; FAILED_PRECONDITION: only who
// starts both ends can join them.
absl::Status CheckGrant(const Program& program, std::string_view address, Role role);

// --call ROLE=ADDRESS, ROLE=SERVICE, SERVICE; --serve ADDRESS; --wiring, where a SERVICE is looked
// up. Errors: INVALID_ARGUMENT (the words); FAILED_PRECONDITION (it serves at no place that others
// would know); those of CheckGrant; those of AddressOfTarget.
struct GrantsRead {
  absl::StatusOr<Grants> grants;
  bool of_running = false;  // it failed as AddressOfTarget does
};
GrantsRead ReadGrants(const Program& program, const Arguments& arguments, std::string_view command);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_GRANTS_H_
