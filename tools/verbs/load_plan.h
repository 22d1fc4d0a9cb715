// The common beginning of the verbs that take a wiring file: FILE [--over SCHEME] [--set
// KEY=VALUE]… → a Plan.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_
#define JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_

#include <string>

#include "absl/status/statusor.h"
#include "tools/cli/program.h"
#include "tools/wiring/plan.h"

namespace jackfield {

inline constexpr Flag kOverFlag = {'\0', "over", "SCHEME",
                                   "every channel over this: pipe, tcp, unix:?type=seqpacket, …"};
inline constexpr Flag kSetFlag = {
    '\0', "set", "KEY=VALUE",
    "change one value of the file, such as service.orders.calls.kv=unix:", true};

// The wiring file is the first operand; the flags are those above; the rest goes to the services
// that nothing calls. Errors: as ReadWiring and MakePlan; FAILED_PRECONDITION: --over is empty.
absl::StatusOr<Plan> LoadPlan(const Program& program, const Arguments& arguments);

// Prints what is wrong with a wiring. Returns kExitUsage.
enum class Would { kLook, kStart };  // what the verb was to do
int ComplainOfWiring(const absl::Status& status, Would would);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_
