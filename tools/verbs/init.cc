#include "tools/verbs/init.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
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
  fs::path root;       // of the workspace; outside of one, where the folder lies
  std::string folder;  // seen from there: "services/greet"
  std::string name;    // the folder's last part
  Workspace workspace = Workspace::kOwn;
};

constexpr Flag kFlags[] = {
    {'\0', "build", "TOOL", "who builds it: bazel (a package of a workspace), cmake or make"},
    {'\0', "lang", "LANGUAGE", "cpp, or python, for which nothing is built"}};

// Names that CMake or the Makefile gives to targets of its own.
constexpr std::string_view kTargetsOfBuilds[] = {"all",     "build",   "clean", "help",
                                                 "install", "package", "test"};

// Errors: INVALID_ARGUMENT.
absl::StatusOr<Builder> BuilderOf(const Arguments& arguments) {
  const std::optional<std::string_view> build = arguments.Find("build");
  const std::string_view language = arguments.Find("lang").value_or("cpp");
  if (language == "python") {
    if (!build) return Builder::kPython;
    return absl::InvalidArgumentError("nothing is built of Python: --lang python has no --build");
  }
  if (language != "cpp") {
    return absl::InvalidArgumentError(
        Text("--lang is cpp or python, and not \"", Escaped(language), "\""));
  }
  if (!build || *build == "bazel") return Builder::kBazel;
  if (*build == "cmake") return Builder::kCMake;
  if (*build == "make") return Builder::kMake;
  return absl::InvalidArgumentError(
      Text("--build is bazel, cmake or make, and not \"", Escaped(*build), "\""));
}

// One of others loads something of this repository.
Workspace WorkspaceOf(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str().find("@jackfield//") == std::string::npos ? Workspace::kOwn : Workspace::kOther;
}

// For kBazel the nearest folder above that has a WORKSPACE is the root.
absl::StatusOr<Place> PlaceOf(const std::string& operand, Builder builder) {
  std::error_code error;
  fs::path folder = fs::weakly_canonical(fs::absolute(operand, error), error);
  if (error || operand.empty()) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(operand), "\" is no folder: ",
             operand.empty() ? "write one, such as services/greet" : error.message()));
  }
  if (!folder.has_filename()) folder = folder.parent_path();  // of "services/greet/"
  if (builder != Builder::kBazel)
    return Place{folder.parent_path(), folder.filename().string(), folder.filename().string()};
  for (fs::path root = folder; root.has_relative_path();) {
    root = root.parent_path();
    if (!fs::is_regular_file(root / "WORKSPACE", error)) continue;
    return Place{root, folder.lexically_relative(root).string(), folder.filename().string(),
                 WorkspaceOf(root / "WORKSPACE")};
  }
  return absl::FailedPreconditionError(
      Text("no folder above ", Escaped(folder.string()),
           " has a WORKSPACE; a new service lies within a checkout of Jackfield, whose build makes "
           "it, unless it has a build of its own\n"
           "  try: jackfield init services/greet, from the root of the checkout\n"
           "  or:  jackfield init greet --build cmake, anywhere (or make; or --lang python)"));
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

// Commands as they are written in the folder of a project.
void SayWhatToTryOutside(const Place& place, Builder builder) {
  const char* const name = place.name.c_str();
  const char* const build = builder == Builder::kCMake
                                ? "cmake -B build && cmake --build build\n     "
                            : builder == Builder::kMake ? "make\n     "
                                                        : "";
  std::fprintf(stderr,
               "try, in %s:\n"
               "     %sjackfield up %s.toml\n"
               "     jackfield call %s Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n",
               place.folder.c_str(), build, name, name);
}

// Commands as they are written from the root.
void SayWhatToTry(const Place& place) {
  const char* const folder = place.folder.c_str();
  const char* const name = place.name.c_str();
  if (place.workspace == Workspace::kOther) {
    std::fprintf(stderr,
                 "try: bazel build //%s/...\n"
                 "     jackfield up %s/%s.toml\n"
                 "     jackfield call %s Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n",
                 folder, folder, name, name);
    return;
  }
  std::fprintf(stderr,
               "try: ./jackfield up %s/%s.toml\n"
               "     ./jackfield call %s Greet '{\"name\":\"Ada\"}'      (in a second terminal)\n"
               "     ./jackfield test //%s/...\n",
               folder, name, name, folder);
}

absl::Status CheckName(const Place& place, Builder builder) {
  if (absl::Status status = CheckPackageName(place.name); !status.ok()) return status;
  if (builder == Builder::kBazel) return CheckPackageFolder(place.folder);
  if (std::find(std::begin(kTargetsOfBuilds), std::end(kTargetsOfBuilds), place.name) ==
      std::end(kTargetsOfBuilds))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      Text("\"", place.name,
           "\" cannot name a new service: the build has a target of that name; a "
           "longer name helps, such as my_",
           place.name));
}

int RunInit(const Program&, const Arguments& arguments) {
  const absl::StatusOr<Builder> builder = BuilderOf(arguments);
  if (!builder.ok()) return Complain(kExitUsage, std::string(builder.status().message()));
  const absl::StatusOr<Place> place = PlaceOf(arguments.operands[0], *builder);
  if (!place.ok()) return Complain(kExitUsage, std::string(place.status().message()));
  if (const absl::Status right = CheckName(*place, *builder); !right.ok())
    return Complain(kExitUsage, std::string(right.message()));
  const std::vector<NewFile> files =
      *builder == Builder::kBazel ? FilesOfPackage(place->name, place->folder, place->workspace)
                                  : FilesOfProject(place->name, *builder);
  const absl::Status written = Write(*place, files);
  if (!written.ok()) {
    return Complain(absl::IsAlreadyExists(written) ? kExitUsage : kExitFailed,
                    Text(std::string(written.message()), "; nothing was written"));
  }
  SayWhatIsThere(*place, files);
  if (arguments.Has("quiet")) return kExitOk;
  if (*builder == Builder::kBazel) {
    SayWhatToTry(*place);
  } else {
    SayWhatToTryOutside(*place, *builder);
  }
  return kExitOk;
}

}  // namespace

Verb InitVerb() {
  return {
      .name = "init",
      .summary = "write a new service that builds, runs and has a test",
      .usage = "DIR",
      .description =
          "DIR: a folder of the checkout, such as services/greet, or of a workspace that loads\n"
          "@jackfield//third_party:deps.bzl; its last part names the service.\n"
          "Writes an interface with one method, a service and a client of it, a test, a "
          "BUILD.bazel,\n"
          "a wiring and a README.md: all of them, or none where one of them is there already.\n"
          "With --build cmake or make, or --lang python, DIR lies anywhere, and is a project of\n"
          "its own that builds with an installed Jackfield.\n"
          "\n"
          "exit status: 0 all is written, 1 the system refuses it, 2 DIR is wrong or has such "
          "files\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 1,
      .run = RunInit};
}

}  // namespace jackfield
