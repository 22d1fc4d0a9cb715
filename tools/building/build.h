// Builds what a wiring runs, as its key `build` says: once, before anything is started.
//
// Labels are built first, by one `bazel build` for all that have the same flags, in the workspace
// that the wiring file lies in; then the commands, by sh in the file's directory, in the order of
// the plan, each once. What they write is shown, on stderr: also that Bazel waits for another one
// in the same workspace, which it says itself. They read nothing, and end with this program.
//
// Thread: the main one. Blocks until all is built, or the first fails.
#ifndef JACKFIELD_TOOLS_BUILDING_BUILD_H_
#define JACKFIELD_TOOLS_BUILDING_BUILD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/wiring/plan.h"

namespace jackfield {

// One program that is run.
struct BuildRun {
  std::vector<std::string> words = {};
  std::string directory = {};
  std::vector<std::string> services = {};  // that it is for

  std::string command() const;  // for people: "bazel build //services/kv"
};

// What is run for a plan, in this order; nothing where no service has the key. Errors:
// FAILED_PRECONDITION: a label, and the file lies in no workspace.
absl::StatusOr<std::vector<BuildRun>> BuildRunsOf(const Plan& plan);

// Runs it. Errors: ABORTED: it ended badly; the text says how, and for which services it was.
// UNAVAILABLE: it cannot be started.
absl::Status RunBuild(const BuildRun& run);

// Has every service that is built its program? Errors: INVALID_ARGUMENT, a line for each that has
// not, as MakePlan says it.
absl::Status AreBuilt(const Plan& plan);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_BUILDING_BUILD_H_
