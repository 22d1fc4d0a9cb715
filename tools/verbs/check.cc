#include "tools/verbs/check.h"

#include <cstdio>

#include "kernel/text.h"
#include "tools/verbs/load_plan.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag, kOutputFlag};

int RunCheck(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
  if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kLook);
  std::string text;
  if (*output == Output::kJson) {
    text = Text("{\"file\":", JsonString(plan->file), ",\"services\":", plan->services.size(),
                ",\"channels\":", plan->channels.size(), "}\n");
  } else if (!arguments.Has("quiet")) {
    text = Text(plan->file, ": ok, ", Summary(*plan), "\n");
    for (const PlannedChannel& channel : plan->channels) {
      if (!arguments.Has("verbose")) break;
      text += Text("  ", plan->services[channel.client].name, " → ",
                   plan->services[channel.server].name, "  ", channel.address.ToString(), "\n");
    }
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb CheckVerb() {
  return {.name = "check",
          .summary = "say what is wrong with a wiring file, without starting anything",
          .usage = "FILE",
          .description =
              "Syntax, unknown keys and transports, services and programs that are not there, "
              "calls in a circle,\n"
              "media that cannot carry a channel. -v lists the channels.\n"
              "\n"
              "exit status: 0 it can be started, 2 it is wrong\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunCheck};
}

}  // namespace jackfield
