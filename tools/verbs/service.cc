#include "tools/verbs/service.h"

#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

// `ps` and `top` show the service by the name that the wiring gives it.
void ShowName(std::string_view builtin) {
  const char* text = std::getenv("JACKFIELD_GRANTS");
  const absl::StatusOr<Grants> grants = Grants::Parse(text == nullptr ? "" : text);
  prctl(PR_SET_NAME,
        (text != nullptr && grants.ok() ? grants->name : std::string(builtin)).c_str());
}

// service NAME [--name N] [--serve ADDRESS]… [--call ROLE=ADDRESS]… [-- ARGS…], or with grants in
// the environment.
int RunService(const Program& program, int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  std::vector<std::string_view> names;
  for (const BuiltinService& service : program.services) {
    names.push_back(service.name);
    if (service.name != name) continue;
    ShowName(name);
    return ServiceMain(argc - 1, argv + 1, *program.registry, service.run);
  }
  if (names.empty()) return Complain(kExitUsage, "service: this program has no built-in services");
  if (name == "-h" || name == "--help") {
    const std::string text = Text(
        "jackfield service: run a built-in service here, without a wiring file\n\n"
        "usage: jackfield service NAME [--name N] [--serve ADDRESS]… [--call ROLE=ADDRESS]… "
        "[-- ARGS…]\n\nNAME: ",
        Listed(names), "\n");
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kExitOk;
  }
  return Complain(kExitUsage, name.empty() ? Text("service: which? there are ", Listed(names))
                                           : Text("there is no built-in service \"", Escaped(name),
                                                  "\"", DidYouMean(name, names)));
}

}  // namespace

Verb ServiceVerb() {
  return {.name = "service",
          .summary = "run a built-in service here",
          .usage = "NAME",
          .description = "",
          .run_words = RunService,
          .hidden = true};
}

}  // namespace jackfield
