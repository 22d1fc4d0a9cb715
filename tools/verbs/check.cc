#include "tools/verbs/check.h"

#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "tools/verbs/load.h"
#include "tools/verbs/load_plan.h"
#include "tools/verbs/load_profile.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag, kOutputFlag};

// One way to reach a service; "" is the outside.
struct Wired {
  std::string client, server, role;
  const Address& address;
};

std::string AsLine(const Wired& wired) {
  const auto name = [](const std::string& service) {
    return service.empty() ? "outside" : service;
  };
  return Text("  ", name(wired.client), " → ",
              wired.server.empty() ? Text(wired.role, " (outside)") : wired.server, "  ",
              wired.address.ToString(), "\n");
}

std::string AsJson(const Wired& wired) {
  return Text("{\"client\":", JsonString(wired.client), ",\"server\":", JsonString(wired.server),
              ",\"role\":", JsonString(wired.role),
              ",\"address\":", JsonString(wired.address.ToString()), "}");
}

// The plan's own channels, then those to the outside and from it.
std::string AllWired(const Plan& plan, std::string (*show)(const Wired&),
                     std::string_view between) {
  std::string text;
  const auto add = [&](const Wired& wired) {
    text += Text(text.empty() ? "" : between, show(wired));
  };
  for (const PlannedChannel& channel : plan.channels)
    add({plan.services[channel.client].name, plan.services[channel.server].name, channel.role,
         channel.address});
  for (const PlannedService& service : plan.services) {
    for (const OutsideCall& call : service.outside)
      add({service.name, "", call.role, call.address});
    for (size_t i = 0; i < service.edges; ++i) add({"", service.name, "", service.serves[i]});
  }
  return text;
}

// Whether the loads in the file have flags that `load` knows. What comes through a pipe has been
// read, and cannot be read again.
absl::Status CheckLoads(const std::string& file) {
  if (!IsSavedFile(file)) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadWiringText(file);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::vector<LoadEntry>> loads = ParseLoads(file, *text);
  if (!loads.ok()) return loads.status();
  for (const LoadEntry& load : *loads) {
    if (absl::Status status = CheckProfile(file, load, LoadFlags()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

int RunCheck(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
  if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kLook);
  if (const absl::Status status = CheckLoads(arguments.operands[0]); !status.ok())
    return ComplainOfWiring(status, Would::kLook);
  if (!arguments.Has("quiet")) {
    for (const std::string& note : plan->notes) std::fprintf(stderr, "# %s\n", note.c_str());
    for (const std::string& open : OpenToAnybody(*plan, *program.registry))
      std::fprintf(stderr, "# %s\n", open.c_str());
  }
  std::string text;
  if (*output == Output::kJson) {
    text = Text("{\"file\":", JsonString(plan->file), ",\"services\":", plan->services.size(),
                ",\"channels\":", plan->channels.size());
    if (arguments.Has("verbose")) text += Text(",\"wired\":[", AllWired(*plan, AsJson, ","), "]");
    text += "}\n";
  } else if (!arguments.Has("quiet")) {
    text = Text(plan->file, ": ok, ", Summary(*plan), "\n");
    if (arguments.Has("verbose")) text += AllWired(*plan, AsLine, "");
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
              "media that cannot carry a channel. -v lists the channels, -o json as \"wired\".\n"
              "\n"
              "exit status: 0 it can be started, 2 it is wrong\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 1,
          .run = RunCheck};
}

}  // namespace jackfield
