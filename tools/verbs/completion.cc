#include "tools/verbs/completion.h"

#include <cstdio>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "tools/completion/scripts.h"

namespace jackfield {
namespace {

int RunCompletion(const Program&, const Arguments& arguments) {
  std::vector<std::string_view> shells;
  for (const completion::Script& script : completion::Scripts()) {
    shells.push_back(script.shell);
    if (script.shell != arguments.operands[0]) continue;
    std::fwrite(script.text.data(), 1, script.text.size(), stdout);
    return kExitOk;
  }
  return Complain(kExitUsage, Text("completion: no shell \"", Escaped(arguments.operands[0]),
                                   "\"; there are ", Listed(shells)));
}

}  // namespace

Verb CompletionVerb() {
  return {.name = "completion",
          .summary = "a script that makes the TAB key of a shell complete these words",
          .usage = "bash | zsh | fish",
          .description =
              "Verbs, flags, files, and the names of the wirings that are up and of their "
              "services.\n"
              "  bash  eval \"$(jackfield completion bash)\"       in ~/.bashrc\n"
              "  zsh   eval \"$(jackfield completion zsh)\"        in ~/.zshrc, behind compinit\n"
              "  fish  jackfield completion fish | source        in ~/.config/fish/config.fish\n"
              "What it completes it asks the program that is called, ./jackfield or another.\n"
              "\n",
          .operands_min = 1,
          .operands_max = 1,
          .run = RunCompletion};
}

}  // namespace jackfield
