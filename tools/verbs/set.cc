#include "tools/verbs/set.h"

#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/verbs/change_running.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kDryRunFlag, kOutputFlag};
constexpr size_t kSetsMax = 256;

int RunSet(const Program& program, const Arguments& arguments) {
  std::vector<std::string> sets = arguments.operands;
  std::string wanted;
  if (sets[0].find('=') == std::string::npos) {
    wanted = sets[0];
    sets.erase(sets.begin());
  }
  if (sets.empty())
    return Complain(kExitUsage, Text("what of ", Escaped(wanted),
                                     " is to be set? write KEY=VALUE, such as "
                                     "orders.calls.kv=shm:"));
  for (const std::string& set : sets) {
    if (set.find('=') == std::string::npos)
      return Complain(kExitUsage, Text("\"", Escaped(set),
                                       "\" sets nothing; write KEY=VALUE, such as "
                                       "orders.calls.kv=shm:"));
  }
  return ChangeRunning(program, arguments, wanted, sets);
}

}  // namespace

Verb SetVerb() {
  return {.name = "set",
          .summary = "change single values of a running wiring",
          .usage = "[WIRING] KEY=VALUE…",
          .description =
              "As `jackfield reload`, but with these values instead of those in the file, such as\n"
              "`jackfield set shop orders.calls.kv=shm:`. KEY is as for `up --set`; it may begin "
              "with the name\n"
              "of a service. It holds until the wiring is down, until it is set again, or until\n"
              "`reload --forget`; what cannot be done does not hold.\n"
              "\n"
              "exit status: 0 all is as asked, 1 some of it is not, 2 the wiring would be wrong "
              "and\n"
              "nothing has changed, or several are meant, 3 it is not up\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = kSetsMax,
          .run = RunSet};
}

}  // namespace jackfield
