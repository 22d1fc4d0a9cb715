#include "tools/verbs/ls.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/cli/table.h"
#include "tools/verbs/reach.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'r', "resources", "", "FIFOs, log files and whatever else has a name in the system"},
    kOutputFlag,
    kTimeoutFlag,
    kWiringFlag};

std::string_view Name(Resource::Owner owner) {
  switch (owner) {
    case Resource::Owner::kLives:
      return "lives";
    case Resource::Owner::kDead:
      return "dead";
    case Resource::Owner::kUnknown:
      return "unknown";
  }
  return "";
}

std::string Age(int64_t seconds) {
  if (seconds < 0) return "?";
  if (seconds < 120) return Text(seconds, " s");
  if (seconds < 120 * 60) return Text(seconds / 60, " min");
  if (seconds < 48 * 3600) return Text(seconds / 3600, " h");
  return Text(seconds / 86400, " d");
}

std::string AsJson(std::string_view scheme, const Resource& resource) {
  return Text("{\"scheme\":", JsonString(scheme), ",\"what\":", JsonString(resource.what),
              ",\"place\":", JsonString(resource.place),
              ",\"owner\":", JsonString(Name(resource.owner)), ",\"pid\":", resource.pid,
              ",\"age_seconds\":", resource.age_seconds,
              ",\"keeps\":", resource.keeps ? "true" : "false", "}\n");
}

std::string AsTable(const std::vector<Resource>& resources) {
  Table table({"WHAT", "PLACE", "AGE", "OWNER"});
  for (const Resource& resource : resources) {
    table.Add({resource.what, Escaped(resource.place), Age(resource.age_seconds),
               OwnerOf(resource) + (resource.keeps ? "; it is kept" : "")});
  }
  return table.ToString();
}

// What a service serves: "greet.Greeter/Greet", as `call` takes it.
int ListMethods(const Program& program, const Arguments& arguments, Output output) {
  const Reached reached = ReachTarget(program, arguments, arguments.operands[0]);
  if (reached.remote == nullptr) return reached.exit_status;
  std::string text;
  for (const dynamic::Remote::ListedInterface& listed : reached.remote->interfaces()) {
    for (const std::string& method : listed.methods) {
      text += output == Output::kTable
                  ? Escaped(Text(listed.name, "/", method)) + "\n"
                  : Text("{\"service\":", JsonString(Escaped(reached.remote->process())),
                         ",\"interface\":", JsonString(Escaped(listed.name)),
                         ",\"method\":", JsonString(Escaped(method)), "}\n");
    }
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int RunLs(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  if (arguments.operands.empty() != arguments.Has("resources")) {
    return Complain(kExitUsage,
                    "ls: say what to list, the methods of a service or resources\n  try: jackfield "
                    "ls unix:@greeter\n  try: jackfield ls --resources");
  }
  if (!arguments.operands.empty()) return ListMethods(program, arguments, *output);
  std::vector<Resource> all;
  std::string text;
  for (const auto& resources : program.resources) {
    for (const Resource& resource : resources->List()) {
      all.push_back(resource);
      text += AsJson(resources->scheme(), resource);
    }
  }
  if (*output == Output::kTable) text = AsTable(all);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

std::string OwnerOf(const Resource& resource) {
  const std::string pid = resource.pid > 0 ? Text(resource.pid, ", ") : std::string();
  return Text(pid, Name(resource.owner));
}

Verb LsVerb() {
  return {.name = "ls",
          .summary = "the methods of a service; what the bus holds in the system",
          .usage = "TARGET | --resources",
          .description =
              "TARGET: an address, such as unix:@greeter, or a service of a running wiring. Lists "
              "what\n"
              "`call` takes, one a line.\n"
              "--resources: lists what this user's programs made under a name and hold, or left "
              "behind when\n"
              "they died. What the bus makes without a name, most of it, goes with its process.\n",
          .flags = kFlags,
          .operands_max = 1,
          .run = RunLs};
}

}  // namespace jackfield
