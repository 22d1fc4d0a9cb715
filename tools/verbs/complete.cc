#include "tools/verbs/complete.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/completion/complete.h"
#include "tools/dynamic/remote.h"
#include "tools/running/service_names.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/why_stuck.h"
#include "tools/verbs/target.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

using completion::Completion;

// For an answer of another process, which may be stuck: a user who types does not notice 100 ms, to
// begin and to end the program included.
constexpr suseconds_t kAnswerUs = 50'000;
// For what the system itself knows, on a machine that is busy.
constexpr suseconds_t kKnownUs = 900'000;
constexpr std::string_view kSchemaInterface = "jackfield.sys.Schema";  // which every service has

// From here on the program lives so long, whatever it waits for. What was printed by then stands.
void LiveFor(suseconds_t limit_us) {
  signal(SIGALRM, [](int) { _exit(kExitOk); });
  const itimerval once = {.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = limit_us}};
  setitimer(ITIMER_REAL, &once, nullptr);
}

void Print(Completion& completion) {
  std::fputs(completion::ToLines(completion).c_str(), stdout);
  std::fflush(stdout);
  completion.files = false;
}

// An instance, and all of them.
void AddService(std::string_view name, Completion& completion) {
  completion.Add(name);
  if (!GroupOf(name).empty()) completion.Add(GroupOf(name));
}

// First what the system knows at once, then what a supervisor knows beside: services that are no
// processes. One that does not answer takes the rest of the time.
void PrintServices(const Program& program, Completion& completion) {
  std::vector<RunningWiring> wirings = RunningWirings();
  if (!completion.wiring.empty()) {
    absl::StatusOr<RunningWiring> picked = PickWiring(wirings, completion.wiring);
    wirings.clear();
    if (picked.ok()) wirings.push_back(*std::move(picked));
  }
  for (const RunningWiring& wiring : wirings) {
    for (const std::string& name : ServiceProcesses(wiring.pid)) AddService(name, completion);
  }
  Print(completion);
  LiveFor(kAnswerUs);
  for (const RunningWiring& wiring : wirings) {
    const auto client =
        SupervisorClient::Open(*program.registry, Text(wiring.name, "@", wiring.pid));
    if (!client.ok()) continue;
    const absl::StatusOr<MessageOf<init::Wiring>> look = (*client)->Look();
    if (!look.ok()) continue;
    const size_t told = completion.candidates.size();
    for (const init::Service* service : *(*look)->services())
      AddService(TextOf(service->name()), completion);
    Completion added = completion;
    added.candidates.erase(added.candidates.begin(),
                           added.candidates.begin() + static_cast<ptrdiff_t>(told));
    Print(added);
  }
}

// What the target serves says the target itself: within the time there is, or not at all.
void AddMethods(const Program& program, Completion& completion) {
  LiveFor(kAnswerUs);
  Arguments arguments;
  if (!completion.wiring.empty()) arguments.flags.emplace_back("wiring", completion.wiring);
  const auto address = AddressOfTarget(program, arguments, completion.methods_of);
  if (!address.ok()) return;
  const auto remote = dynamic::Remote::Open(*program.registry, *address, {});
  if (!remote.ok() || !(*remote)->Reach().ok()) return;
  for (const auto& listed : (*remote)->interfaces()) {
    for (const std::string& method : listed.methods) {
      const bool in_full = completion.typed.find_first_of("./") != std::string::npos;
      if (in_full || listed.name != kSchemaInterface)
        completion.Add(in_full ? Text(listed.name, "/", method) : method);
    }
  }
}

int RunComplete(const Program& program, int argc, char** argv) {
  LiveFor(kKnownUs);
  const std::vector<std::string> words(argv + 1, argv + argc);
  Completion completion = completion::Complete(program, words);
  if (completion.wirings) {
    const std::vector<RunningWiring> up = RunningWirings();
    for (const RunningWiring& wiring : up) {
      const bool several = std::count_if(up.begin(), up.end(), [&](const RunningWiring& other) {
                             return other.name == wiring.name;
                           }) > 1;
      completion.Add(several ? Text(wiring.name, "@", wiring.pid) : wiring.name);
    }
  }
  if (!completion.methods_of.empty()) AddMethods(program, completion);
  if (completion.services && completion.methods_of.empty())
    PrintServices(program, completion);
  else
    Print(completion);
  return kExitOk;
}

}  // namespace

Verb CompleteVerb() {
  return {.name = "__complete",
          .summary = "what may stand behind these words, for a shell",
          .usage = "WORDS…",
          .description = "",
          .run_words = RunComplete,
          .hidden = true};
}

}  // namespace jackfield
