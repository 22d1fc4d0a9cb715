#include "tools/verbs/up.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/clock.h"
#include "kernel/base/text.h"
#include "tools/building/build.h"
#include "tools/cli/clean_first.h"
#include "tools/supervisor/detach.h"
#include "tools/supervisor/supervisor.h"
#include "tools/verbs/load_plan.h"
#include "transports/resources.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kOverFlag,
    kSetFlag,
    {'d', "detach", "", "come back when the wiring is up; it goes on without a terminal"},
    {'\0', "no-build", "", "nothing of what `build` says is done; what runs is what is there"},
    {'\0', "no-watch", "", "saving FILE changes nothing; `jackfield reload` does still"}};

// The rest of what a detached one says is for `jackfield logs`.
absl::StatusOr<Detached> Leave(const Plan& plan) {
  if (plan.one_process)
    return absl::FailedPreconditionError(
        "--detach: the services of this wiring are threads, and what they write has no place but a "
        "terminal; choose a medium between processes, such as --over unix");
  return Detach();
}

// A file is read each time anew; what comes through a descriptor is read once, and kept.
absl::StatusOr<WiringSource> SourceOf(const Program& program, const Arguments& arguments) {
  const std::string& file = arguments.operands[0];
  WiringSource source;
  if (IsSavedFile(file)) {
    source.read = [&program, arguments](const std::vector<std::string>& sets) {
      return LoadPlan(program, arguments, sets);
    };
    if (!arguments.Has("no-watch")) source.watched = file;
    return source;
  }
  absl::StatusOr<std::string> text = ReadWiringText(file);
  if (!text.ok()) return text.status();
  source.read = [&program, arguments,
                 text = *std::move(text)](const std::vector<std::string>& sets) {
    return PlanOfText(program, arguments, arguments.operands[0], text, arguments.rest, sets);
  };
  source.once = Text("the wiring came through ", file, " and is not read again");
  return source;
}

// Returns how many programs that took. Errors: those of BuildRunsOf and RunBuild.
absl::StatusOr<size_t> Build(const Plan& plan, const Arguments& arguments) {
  const absl::StatusOr<std::vector<BuildRun>> runs = BuildRunsOf(plan);
  if (!runs.ok()) return runs.status();
  for (const BuildRun& run : *runs) {
    if (!arguments.Has("quiet"))
      std::fprintf(stderr, "# %s   (in %s)\n", Escaped(run.command()).c_str(),
                   Escaped(run.directory).c_str());
    if (absl::Status built = RunBuild(run); !built.ok()) return built;
  }
  return runs->size();
}

int RunUp(const Program& program, const Arguments& arguments) {
  absl::StatusOr<WiringSource> source = SourceOf(program, arguments);
  absl::StatusOr<Plan> plan = source.ok() ? source->read({}) : source.status();
  if (plan.ok() && !arguments.Has("no-build")) {
    const absl::StatusOr<size_t> built = Build(*plan, arguments);
    if (!built.ok())
      return Complain(kExitFailed,
                      Text(std::string(built.status().message()), "; nothing was started"));
    if (*built > 0) plan = source->read({});  // programs that were not there before
  }
  if (plan.ok()) {
    if (absl::Status there = AreBuilt(*plan); !there.ok()) plan = std::move(there);
  }
  if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kStart);
  return RunUntilDone(program, arguments, *plan, *std::move(source));
}

}  // namespace

int RunUntilDone(const Program& program, const Arguments& arguments, const Plan& plan,
                 WiringSource source) {
  const Loudness loudness = arguments.Has("quiet")     ? Loudness::kQuiet
                            : arguments.Has("verbose") ? Loudness::kVerbose
                                                       : Loudness::kNormal;
  CleanFirst(program.resources, arguments);
  const int64_t began_ns = SystemClock().NowNs();
  RunOptions options;
  options.loudness = loudness;
  options.source = std::move(source);
  OwnedFd parent;
  if (arguments.Has("detach")) {
    absl::StatusOr<Detached> detached = Leave(plan);
    if (!detached.ok()) return Complain(kExitFailed, std::string(detached.status().message()));
    if (detached->exit_status) return *detached->exit_status;
    parent = std::move(detached->parent);
    options.logs_stdout = true;
    options.on_up = [&parent] { LetGo(std::move(parent)); };
  }
  const PlanEnd end = RunPlan(plan, *program.registry, std::move(options));
  const int64_t run_seconds = (SystemClock().NowNs() - began_ns) / 1'000'000'000 + 1;
  RemoveWhatTheyLeft(program.resources, end.processes, run_seconds);
  return end.exit_status;
}

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
          "Where the wiring says how (`build`), what runs is built first; its output is shown.\n"
          "With -d it comes back when all are ready: then see `jackfield ps`, `logs` and `down`.\n"
          "Saving FILE while it is up changes what is different, and nothing else (`reload`).\n"
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
