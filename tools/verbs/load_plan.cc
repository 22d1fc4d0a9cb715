#include "tools/verbs/load_plan.h"

#include <cstdio>
#include <sstream>

#include "kernel/base/text.h"

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

int ComplainOfWiring(const absl::Status& status, Would would) {
  const std::string text(status.message());
  if (!absl::IsInvalidArgument(status)) return Complain(kExitUsage, text);
  // Each line begins with its place in the file, where an editor finds it.
  int count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); ++count)
    std::fprintf(stderr, "%s\n", Shortened(line).c_str());
  const std::string wrong = count == 1 ? "one thing is wrong" : Text(count, " things are wrong");
  if (would == Would::kLook) return Complain(kExitUsage, wrong);
  return Complain(kExitUsage,
                  count == 1 ? "nothing was started" : Text("nothing was started: ", wrong));
}

}  // namespace jackfield
