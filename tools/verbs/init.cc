#include "tools/verbs/init.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/base/text.h"
#include "tools/init/package.h"
#include "tools/init/package_name.h"
#include "tools/init/write_new.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path root;       // of the workspace
  std::string folder;  // seen from there: "services/greet"
  std::string name;    // the folder's last part
};

// The nearest folder above that has a WORKSPACE is the root.
absl::StatusOr<Place> PlaceOf(const std::string& operand) {
  std::error_code error;
  fs::path folder = fs::weakly_canonical(fs::absolute(operand, error), error);
  if (error || operand.empty()) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(operand), "\" is no folder: ",
             operand.empty() ? "write one, such as services/greet" : error.message()));
  }
  if (!folder.has_filename()) folder = folder.parent_path();  // of "services/greet/"
  for (fs::path root = folder; root.has_relative_path();) {
    root = root.parent_path();
    if (!fs::is_regular_file(root / "WORKSPACE", error)) continue;
    return Place{root, folder.lexically_relative(root).string(), folder.filename().string()};
  }
  return absl::FailedPreconditionError(
      Text("no folder above ", Escaped(folder.string()),
           " has a WORKSPACE; a new service lies within a checkout of Jackfield, whose build makes "
           "it\n  try: jackfield init services/greet, from the root of the checkout"));
}

absl::Status Write(const Place& place, const std::vector<NewFile>& files) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(place.root / place.folder / "BUILD", error))) {
    return absl::AlreadyExistsError(
        Text(Escaped(place.folder), " has BUILD already, which a BUILD.bazel would hide"));
  }
  return WriteNewFiles(place.root / place.folder, files);
}

void SayWhatIsThere(const Place& place, const std::vector<NewFile>& files) {
  std::string names;
  for (const NewFile& file : files) names += " " + file.name;
  std::printf("wrote %s:%s\n", place.folder.c_str(), names.c_str());
  std::fflush(stdout);
}

// Commands as they are written from the root.
void SayWhatToTry(const Place& place) {
  const char* const folder = place.folder.c_str();
  const char* const name = place.name.c_str();
  std::fprintf(stderr,
               "try: ./jackfield up %s/%s.toml\n"
               "     ./jackfield call %s Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n"
               "     ./jackfield test //%s/...\n",
               folder, name, name, folder);
}

int RunInit(const Program&, const Arguments& arguments) {
  const absl::StatusOr<Place> place = PlaceOf(arguments.operands[0]);
  if (!place.ok()) return Complain(kExitUsage, std::string(place.status().message()));
  absl::Status right = CheckPackageName(place->name);
  if (right.ok()) right = CheckPackageFolder(place->folder);
  if (!right.ok()) return Complain(kExitUsage, std::string(right.message()));
  const std::vector<NewFile> files = FilesOfPackage(place->name, place->folder);
  const absl::Status written = Write(*place, files);
  if (!written.ok()) {
    return Complain(absl::IsAlreadyExists(written) ? kExitUsage : kExitFailed,
                    Text(std::string(written.message()), "; nothing was written"));
  }
  SayWhatIsThere(*place, files);
  if (!arguments.Has("quiet")) SayWhatToTry(*place);
  return kExitOk;
}

}  // namespace

Verb InitVerb() {
  return {.name = "init",
          .summary = "write a new service that builds, runs and has a test",
          .usage = "DIR",
          .description =
              "DIR: a folder of the checkout, such as services/greet; its last part names the "
              "service.\n"
              "Writes an interface with one method, a service and a client of it, a test, a "
              "BUILD.bazel,\n"
              "a wiring and a README.md: all of them, or none where one of them is there already.\n"
              "\n"
              "exit status: 0 all is written, 1 the system refuses it, 2 DIR is wrong or has such "
              "files\n",
          .operands_min = 1,
          .operands_max = 1,
          .run = RunInit};
}

}  // namespace jackfield
