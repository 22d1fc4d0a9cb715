#include "tools/verbs/clean.h"

#include <cstdio>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "tools/runs/past_runs.h"
#include "tools/verbs/ls.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {{'n', "dry-run", "", "say what would be removed, and remove nothing"},
                           {'\0', "logs", "", "the logs of wirings that have ended, too"}};

// What is kept of wirings that have ended. Returns how many, and of how many it failed.
std::pair<int, int> ForgetRuns(RunPart part, bool dry_run) {
  int removed = 0, failed = 0;
  RemoveEndedRuns(part, dry_run, [&](const PastRun& run, const absl::Status& status) {
    const std::string what = Text(part == RunPart::kAll ? "logs of " : "record of ",
                                  Escaped(run.wiring), " (pid ", run.pid, ", dead)");
    (status.ok() ? removed : failed)++;
    if (status.ok())
      std::printf("%s %s\n", dry_run ? "would remove" : "removed", what.c_str());
    else
      Complain(kExitFailed, Text("not removed: ", what, ": ", std::string(status.message())));
  });
  return {removed, failed};
}

int RunClean(const Program& program, const Arguments& arguments) {
  const bool dry_run = arguments.Has("dry-run");
  Cleaned cleaned = RemoveDead(
      program.resources, dry_run ? Dry::kYes : Dry::kNo,
      [dry_run](const Resource& resource, const absl::Status& status) {
        const std::string name =
            Text(resource.what, " ", Escaped(resource.place), " (", OwnerOf(resource), ")");
        if (status.ok())
          std::printf("%s %s\n", dry_run ? "would remove" : "removed", name.c_str());
        else
          Complain(kExitFailed, Text("not removed: ", name, ": ", std::string(status.message())));
      });
  const auto [removed, failed] =
      ForgetRuns(arguments.Has("logs") ? RunPart::kAll : RunPart::kRecord, dry_run);
  cleaned.removed += removed;
  cleaned.failed += failed;
  if (!arguments.Has("quiet")) {
    std::string text = Text(dry_run ? "would remove " : "removed ", cleaned.removed,
                            "; left alone: ", cleaned.living, " of the living");
    if (cleaned.unknown > 0) text += Text(", ", cleaned.unknown, " of unknown owners");
    if (cleaned.kept > 0) text += Text(", ", cleaned.kept, " that hold data");
    if (cleaned.changed > 0) text += Text(", ", cleaned.changed, " that have changed meanwhile");
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  return cleaned.failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

Verb CleanVerb() {
  return {
      .name = "clean",
      .summary = "remove what dead owners have left behind",
      .usage = "[--dry-run] [--logs]",
      .description =
          "Removes what jackfield ls --resources shows as dead, and what is known of how wirings "
          "ended;\n"
          "with --logs their logs as well. Logs and recordings of services at a place that "
          "somebody chose\n"
          "are data, and stay.\n",
      .flags = kFlags,
      .run = RunClean};
}

}  // namespace jackfield
