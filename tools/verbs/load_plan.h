// The common beginning of the verbs that take a wiring file, FILE [--over SCHEME] [--set
// KEY=VALUE]… → a Plan, and of the one that has a wiring in the program.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_
#define JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_

#include <string>
#include <string_view>
#include <vector>

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
// that nothing calls. more_sets: behind those of --set. Errors: as ReadWiring and MakePlan;
// FAILED_PRECONDITION: --over is empty.
absl::StatusOr<Plan> LoadPlan(const Program& program, const Arguments& arguments,
                              const std::vector<std::string>& more_sets = {});

// The same of a wiring that is in the program: `text`, which messages call `file`, and whose
// services that nothing calls get `args`.
absl::StatusOr<Plan> PlanOfText(const Program& program, const Arguments& arguments,
                                std::string_view file, std::string_view text,
                                std::vector<std::string> args,
                                const std::vector<std::string>& more_sets = {});

// Prints what is wrong with a wiring. Returns kExitUsage.
enum class Would { kLook, kStart };  // what the verb was to do
int ComplainOfWiring(const absl::Status& status, Would would);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_LOAD_PLAN_H_
