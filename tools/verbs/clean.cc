#include "tools/verbs/clean.h"

#include <cstdio>
#include <string>

#include "kernel/base/text.h"
#include "tools/verbs/ls.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {{'n', "dry-run", "", "say what would be removed, and remove nothing"}};

int RunClean(const Program& program, const Arguments& arguments) {
  const bool dry_run = arguments.Has("dry-run");
  const Cleaned cleaned = RemoveDead(
      program.resources, dry_run ? Dry::kYes : Dry::kNo,
      [dry_run](const Resource& resource, const absl::Status& status) {
        const std::string name =
            Text(resource.what, " ", Escaped(resource.place), " (", OwnerOf(resource), ")");
        if (status.ok())
          std::printf("%s %s\n", dry_run ? "would remove" : "removed", name.c_str());
        else
          Complain(kExitFailed, Text("not removed: ", name, ": ", std::string(status.message())));
      });
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
  return {.name = "clean",
          .summary = "remove what dead owners have left behind",
          .usage = "[--dry-run]",
          .description =
              "Removes only what jackfield ls --resources shows as dead. Logs and recordings at a\n"
              "place that somebody chose are data, and stay.\n",
          .flags = kFlags,
          .run = RunClean};
}

}  // namespace jackfield
