#include "tools/verbs/programs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tools/wiring/wiring.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;

void PrintPath(const fs::path& path) { std::printf("%s\n", path.lexically_normal().c_str()); }

// A program may stand in front of another (env, a debugger): that one is a word like any other,
// seen from where we are, and known by being a program.
void PrintProgramsOf(const ServiceEntry& service, const fs::path& folder) {
  std::error_code error;
  if (service.run[0].find('/') != std::string::npos) PrintPath(folder / service.run[0]);
  const fs::path here = fs::current_path(error);
  for (size_t i = 1; i < service.run.size(); ++i) {
    const fs::path path = here / service.run[i];
    if (service.run[i].find('/') != std::string::npos && fs::is_regular_file(path, error) &&
        access(path.c_str(), X_OK) == 0)
      PrintPath(path);
  }
}

// programs VERB ARGS…: a line for each program that VERB, with these arguments, will want to find.
// What is wrong with them is VERB's to say.
int RunPrograms(const Program& program, int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  for (const Verb& verb : program.verbs) {
    const bool reads_wiring = std::any_of(verb.flags.begin(), verb.flags.end(),
                                          [](const Flag& flag) { return flag.name == "set"; });
    if (verb.name != name || !reads_wiring) continue;
    std::vector<Flag> flags(verb.flags.begin(), verb.flags.end());
    flags.insert(flags.end(), CommonFlags().begin(), CommonFlags().end());
    const std::vector<std::string> words(argv + 2, argv + argc);
    const absl::StatusOr<Arguments> arguments = ParseArguments(words, flags, verb.rest);
    std::error_code error;
    // What comes through a pipe can be read once only.
    if (!arguments.ok() || arguments->Has("help") || arguments->operands.empty() ||
        !fs::is_regular_file(arguments->operands[0], error))
      break;
    const std::vector<std::string> sets = arguments->All("set");
    const absl::StatusOr<Wiring> wiring = ReadWiring(arguments->operands[0], sets);
    if (!wiring.ok()) break;
    const fs::path folder = fs::canonical(fs::absolute(wiring->file).parent_path(), error);
    for (const ServiceEntry& service : wiring->services) PrintProgramsOf(service, folder);
  }
  return kExitOk;
}

}  // namespace

Verb ProgramsVerb() {
  return {.name = "programs",
          .summary = "what a wiring runs, for the launcher",
          .usage = "VERB ARGS…",
          .description = "",
          .run_words = RunPrograms,
          .hidden = true};
}

}  // namespace jackfield
