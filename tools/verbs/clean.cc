#include "tools/verbs/clean.h"

#include <cstdio>
#include <string>

#include "kernel/text.h"
#include "tools/verbs/ls.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {{'n', "dry-run", "", "say what would be removed, and remove nothing"}};

int RunClean(const Program& program, const Arguments& arguments) {
  const bool dry_run = arguments.Has("dry-run");
  int count = 0, living = 0, unknown = 0, kept = 0, changed = 0, failures = 0;
  for (const auto& resources : program.resources) {
    for (const Resource& resource : resources->List()) {
      if (resource.keeps || resource.owner != Resource::Owner::kDead) {
        ++(resource.keeps ? kept : resource.owner == Resource::Owner::kUnknown ? unknown : living);
        continue;
      }
      const std::string name =
          Text(resource.what, " ", Escaped(resource.place), " (", OwnerOf(resource), ")");
      if (!dry_run) {
        const absl::Status status = resources->Remove(resource);
        // Listed while its owner was about to take it, or gone since: nothing is left to be done.
        if (absl::IsFailedPrecondition(status)) {
          ++changed;
          continue;
        }
        if (!status.ok()) {
          ++failures;
          Complain(kExitFailed, Text("not removed: ", name, ": ", std::string(status.message())));
          continue;
        }
      }
      ++count;
      std::printf("%s %s\n", dry_run ? "would remove" : "removed", name.c_str());
    }
  }
  if (!arguments.Has("quiet")) {
    std::fprintf(stderr, "%s %d; left alone: %d of the living%s%s%s\n",
                 dry_run ? "would remove" : "removed", count, living,
                 unknown == 0 ? "" : Text(", ", unknown, " of unknown owners").c_str(),
                 kept == 0 ? "" : Text(", ", kept, " that hold data").c_str(),
                 changed == 0 ? "" : Text(", ", changed, " that have changed meanwhile").c_str());
  }
  return failures == 0 ? kExitOk : kExitFailed;
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
