#include "tools/verbs/reload.h"

#include <string>

#include "tools/verbs/change_running.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kDryRunFlag, kForgetFlag, kOutputFlag};

int RunReload(const Program& program, const Arguments& arguments) {
  return ChangeRunning(program, arguments, arguments.operands.empty() ? "" : arguments.operands[0],
                       {});
}

}  // namespace

Verb ReloadVerb() {
  return {.name = "reload",
          .summary = "read the file of a running wiring again, and change what is different",
          .usage = "[WIRING]",
          .description =
              "What is the same is not touched. A channel moves to its new medium or place while "
              "its\n"
              "client goes on; a service is added, removed, or restarted with its new arguments, "
              "environment,\n"
              "limits or roles. A line says what became of each. What fails stands as before. "
              "Saving the\n"
              "file does the same by itself, unless `up` was given --no-watch. Nothing is built: "
              "for a\n"
              "program that was built anew there is `jackfield restart`.\n"
              "\n"
              "exit status: 0 all is as the file says, 1 some of it is not, 2 the wiring is wrong "
              "and\n"
              "nothing has changed, or several are meant, 3 it is not up\n",
          .flags = kFlags,
          .operands_max = 1,
          .run = RunReload};
}

}  // namespace jackfield
