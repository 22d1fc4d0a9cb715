#include "tools/verbs/load_plan.h"

#include <cstdio>
#include <sstream>
#include <utility>

#include "kernel/base/text.h"

namespace jackfield {

namespace {

absl::StatusOr<Plan> PlanOf(const Program& program, const Arguments& arguments,
                            absl::StatusOr<Wiring> wiring, std::vector<std::string> args) {
  if (!wiring.ok()) return wiring.status();
  PlanOptions options;
  options.over = std::string(arguments.Find("over").value_or(""));
  if (arguments.Has("over") && options.over.empty())
    return absl::FailedPreconditionError("--over is empty; name a scheme, such as --over unix");
  options.args = std::move(args);
  return MakePlan(*std::move(wiring), program, options);
}

std::vector<std::string> SetsOf(const Arguments& arguments, const std::vector<std::string>& more) {
  std::vector<std::string> sets = arguments.All("set");
  sets.insert(sets.end(), more.begin(), more.end());
  return sets;
}

}  // namespace

absl::StatusOr<Plan> LoadPlan(const Program& program, const Arguments& arguments,
                              const std::vector<std::string>& more_sets) {
  const std::vector<std::string> sets = SetsOf(arguments, more_sets);
  return PlanOf(program, arguments, ReadWiring(arguments.operands[0], sets), arguments.rest);
}

absl::StatusOr<Plan> PlanOfText(const Program& program, const Arguments& arguments,
                                std::string_view file, std::string_view text,
                                std::vector<std::string> args,
                                const std::vector<std::string>& more_sets) {
  const std::vector<std::string> sets = SetsOf(arguments, more_sets);
  return PlanOf(program, arguments, ParseWiring(file, text, sets), std::move(args));
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
