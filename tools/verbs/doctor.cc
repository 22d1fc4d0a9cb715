#include "tools/verbs/doctor.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/doctor/checks.h"

namespace jackfield {
namespace {

using doctor::Finding;
using doctor::Mark;

constexpr Flag kFlags[] = {kOutputFlag};

int RunDoctor(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const doctor::Machine machine;
  std::vector<Finding> findings;
  for (const doctor::Check check : doctor::AllChecks()) findings.push_back(check(machine));
  for (Finding& finding : doctor::CheckTransports(*program.registry, program.machine))
    findings.push_back(std::move(finding));
  findings.push_back(doctor::CheckLeftovers(program.resources));

  const std::string text =
      *output == Output::kJson ? doctor::AsJson(findings) : doctor::AsTable(findings);
  std::fwrite(text.data(), 1, text.size(), stdout);
  const auto count = [&findings](Mark mark) {
    return std::count_if(findings.begin(), findings.end(),
                         [mark](const Finding& finding) { return finding.mark == mark; });
  };
  if (!arguments.Has("quiet")) {
    std::fprintf(stderr, "%td ok, %td warn, %td FAIL\n", count(Mark::kOk), count(Mark::kWarn),
                 count(Mark::kFail));
  }
  return count(Mark::kFail) == 0 ? kExitOk : kExitFailed;
}

}  // namespace

Verb DoctorVerb() {
  return {.name = "doctor",
          .summary = "the limits and settings of this machine that matter to the bus",
          .usage = "",
          .description =
              "Looks, and changes nothing. A line for each: ok; warn, where the bus works and a "
              "medium or\n"
              "one of its defaults does not, or is slower; FAIL, where the bus does not work. What "
              "helps\n"
              "stands below, after \"try:\". Limits are those of this process: a service started "
              "elsewhere may\n"
              "have others.\n"
              "\n"
              "exit status: 0 nothing FAILs, 1 something does\n",
          .flags = kFlags,
          .run = RunDoctor};
}

}  // namespace jackfield
