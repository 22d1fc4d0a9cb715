#include "tools/verbs/up.h"

#include <set>
#include <string>

#include "tools/supervisor/supervisor.h"
#include "tools/verbs/load_plan.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag};

std::set<std::string> PlacesOfTheDead(const Program& program) {
  std::set<std::string> places;
  for (const auto& resources : program.resources) {
    for (const Resource& resource : resources->List()) {
      if (resource.owner == Resource::Owner::kDead) places.insert(resource.place);
    }
  }
  return places;
}

// What killed services left under a name and no peer of theirs lived to remove. Only what is left
// since `before`: the rest is not this wiring's, and jackfield clean's to remove.
void RemoveWhatTheyLeft(const Program& program, const std::set<std::string>& before) {
  for (const auto& resources : program.resources) {
    for (const Resource& resource : resources->List()) {
      if (resource.owner == Resource::Owner::kDead && !resource.keeps &&
          before.count(resource.place) == 0)
        resources->Remove(resource).IgnoreError();  // jackfield ls --resources still shows it
    }
  }
}

int RunUp(const Program& program, const Arguments& arguments) {
  absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
  if (!plan.ok()) return ComplainOfWiring(plan.status());
  const Loudness loudness = arguments.Has("quiet")     ? Loudness::kQuiet
                            : arguments.Has("verbose") ? Loudness::kVerbose
                                                       : Loudness::kNormal;
  const std::set<std::string> before = PlacesOfTheDead(program);
  const int exit_status = RunPlan(*plan, *program.registry, loudness);
  RemoveWhatTheyLeft(program, before);
  return exit_status;
}

}  // namespace

Verb UpVerb() {
  return {
      .name = "up",
      .summary = "start the services of a wiring file, and stay until they are done",
      .usage = "FILE [-- ARGS…]",
      .description =
          "Checks everything first; starts each service after those it calls; hands each exactly "
          "its channels.\n"
          "ARGS go to the services that nothing calls. Their stdout is this program's; what they "
          "write on\n"
          "stderr comes with their name in front. ^C stops them in order, a second ^C at once.\n"
          "\n"
          "exit status: 0 all is done, 1 a service failed, 2 the wiring is wrong, 130 "
          "interrupted\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 1,
      .rest = RestAllowed::kYes,
      .run = RunUp};
}

}  // namespace jackfield
