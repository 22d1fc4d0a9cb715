#include "tools/verbs/up.h"

#include <unistd.h>

#include <cstdint>
#include <set>

#include "kernel/clock.h"
#include "tools/supervisor/supervisor.h"
#include "tools/verbs/load_plan.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag};

constexpr int kTriesMax = 100;
constexpr useconds_t kBetweenTriesUs = 2000;

// What killed services left under a name and no peer of theirs lived to remove. Only what those
// very processes left: the rest is not this wiring's, and jackfield clean's to remove. A process
// number comes again, so what is older than this run is somebody else's, too.
void RemoveWhatTheyLeft(const Program& program, const std::set<int>& processes,
                        int64_t run_seconds) {
  bool again = !processes.empty();
  for (int tries = 0; again && tries < kTriesMax; ++tries) {
    if (tries > 0) usleep(kBetweenTriesUs);
    again = false;
    for (const auto& resources : program.resources) {
      for (const Resource& resource : resources->List()) {
        if (resource.keeps || processes.count(resource.pid) == 0 ||
            resource.age_seconds > run_seconds)
          continue;
        // They have all ended; but the system lets go of what a killed one's io_uring held a
        // moment later.
        again |= resource.owner == Resource::Owner::kLives;
        if (resource.owner == Resource::Owner::kDead)
          resources->Remove(resource).IgnoreError();  // jackfield ls --resources still shows it
      }
    }
  }
}

int RunUp(const Program& program, const Arguments& arguments) {
  absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
  if (!plan.ok()) return ComplainOfWiring(plan.status());
  const Loudness loudness = arguments.Has("quiet")     ? Loudness::kQuiet
                            : arguments.Has("verbose") ? Loudness::kVerbose
                                                       : Loudness::kNormal;
  const int64_t began_ns = SystemClock().NowNs();
  const PlanEnd end = RunPlan(*plan, *program.registry, loudness);
  const int64_t run_seconds = (SystemClock().NowNs() - began_ns) / 1'000'000'000 + 1;
  RemoveWhatTheyLeft(program, end.processes, run_seconds);
  return end.exit_status;
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
