#include "tools/verbs/run.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/verbs/grants.h"
#include "tools/verbs/running_wiring.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'c', "call", "ROLE=TARGET", "whom it may call: an address, or a service that runs", true},
    {'s', "serve", "ADDRESS", "where it is to serve", true},
    kNameFlag,
    kWiringFlag,
};

// Does not come back, unless the program cannot be executed.
int Become(const std::vector<std::string>& words, const Grants& grants) {
  setenv("JACKFIELD_GRANTS", grants.ToString().c_str(), 1);
  signal(SIGXFSZ, SIG_DFL);  // RunProgram ignores it, and it would stay so
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  execvp(pointers[0], pointers.data());
  const int error = errno;
  const bool is_near = error == ENOENT && words[0].find('/') == std::string::npos &&
                       access(words[0].c_str(), X_OK) == 0;
  return Complain(kExitUsage,
                  Text("run: cannot run ", Escaped(words[0]), ": ", std::strerror(error),
                       is_near ? "\n  try: ./" : "", is_near ? Escaped(words[0]) : ""));
}

int RunRun(const Program& program, const Arguments& arguments) {
  if (!arguments.operands.empty() || arguments.rest.empty() || arguments.rest[0].empty()) {
    return Complain(
        kExitUsage,
        Text(
            "run: ", arguments.operands.empty() ? "which program?" : "the program stands behind --",
            "\n  try: jackfield run --call kv=unix:@kv -- ",
            arguments.operands.empty() ? "./program" : Escaped(arguments.operands[0])));
  }
  const GrantsRead read = ReadGrants(program, arguments, arguments.rest[0]);
  if (!read.grants.ok()) {
    return read.of_running
               ? ComplainOfRunning(read.grants.status())
               : Complain(kExitUsage, Text("run: ", std::string(read.grants.status().message())));
  }
  if (read.grants->calls.empty() && read.grants->serves.empty()) {
    return Complain(kExitUsage,
                    "run: it would be granted nothing; say whom it may call, or where it serves\n"
                    "  try: jackfield run --call kv=unix:@kv -- " +
                        Escaped(arguments.rest[0]));
  }
  return Become(arguments.rest, *read.grants);
}

}  // namespace

Verb RunVerb() {
  return {
      .name = "run",
      .summary = "run a program that may call services, or serve, as if a wiring started it",
      .usage = "[--call ROLE=TARGET]… [--serve ADDRESS]… -- CMD [ARGS…]",
      .description =
          "TARGET: an address, such as unix:@kv, or a service of a running wiring; --call kv "
          "is short\n"
          "for --call kv=kv. CMD finds its grants in JACKFIELD_GRANTS, as under `jackfield up`, "
          "and takes\n"
          "the place of this program: its process, its exit status, its terminal.\n"
          "\n"
          "exit status: CMD's; before it 2 the command is wrong, 3 no such service is up\n",
      .flags = kFlags,
      .operands_max = 1,
      .rest = RestAllowed::kYes,
      .run = RunRun};
}

}  // namespace jackfield
