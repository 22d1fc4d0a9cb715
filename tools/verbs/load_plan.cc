#include "tools/verbs/load_plan.h"

#include <algorithm>
#include <cstdio>

namespace jackfield {

absl::StatusOr<Plan> LoadPlan(const Program& program, const Arguments& arguments) {
  const std::vector<std::string> sets = arguments.All("set");
  absl::StatusOr<Wiring> wiring = ReadWiring(arguments.operands[0], sets);
  if (!wiring.ok()) return wiring.status();
  PlanOptions options;
  options.over = std::string(arguments.Find("over").value_or(""));
  if (arguments.Has("over") && options.over.empty())
    return absl::FailedPreconditionError("--over is empty; name a scheme, such as --over unix");
  options.args = arguments.rest;
  return MakePlan(*std::move(wiring), program, options);
}

int ComplainOfWiring(const absl::Status& status) {
  const std::string text(status.message());
  if (!absl::IsInvalidArgument(status)) return Complain(kExitUsage, text);
  // Each line begins with its place in the file, where an editor finds it.
  std::fprintf(stderr, "%s\n", text.c_str());
  const auto count = std::count(text.begin(), text.end(), '\n') + 1;
  return Complain(kExitUsage, count == 1 ? "nothing was started"
                                         : "nothing was started: " + std::to_string(count) +
                                               " things are wrong");
}

}  // namespace jackfield
