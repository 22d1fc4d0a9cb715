#include "tools/verbs/tap.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/data.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/line.h"
#include "tools/watch/tapping.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kWiringFlag,
    {'m', "method", "TEXT", "only methods whose name contains it"},
    {'p', "peer", "NAME", "only what goes to it or comes from it"},
    {'n', "count", "COUNT", "end after so many messages"},
    {'a', "all", "", "also what the bus's own tools ask"},
    kOutputFlag,
};

int RunTap(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  const absl::StatusOr<uint64_t> count = CountOf(arguments);
  for (const absl::Status& status : {output.status(), count.status()}) {
    if (!status.ok()) return Complain(kExitUsage, Text("tap: ", std::string(status.message())));
  }
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  watch::Tapping tapping(*program.registry, **client,
                         {.method = std::string(arguments.Find("method").value_or("")),
                          .peer = std::string(arguments.Find("peer").value_or("")),
                          .own = arguments.Has("all")});
  if (const absl::Status chosen = tapping.Choose(arguments.operands); !chosen.ok())
    return Complain(kExitFailed, std::string(chosen.message()));
  uint64_t shown = 0;
  absl::Status printed;
  const watch::Tapping::End end = tapping.Run(
      [&](const watch::Seen& seen) {
        printed = PrintLine(*output == Output::kJson ? watch::JsonOf(seen) : watch::LineOf(seen));
        return printed.ok() && ++shown != *count;
      },
      [](const std::string& sentence) { std::fprintf(stderr, "# %s\n", sentence.c_str()); });
  if (!printed.ok()) return Complain(kExitFailed, std::string(printed.message()));
  return end == watch::Tapping::End::kStopped ? kExitInterrupted : kExitOk;
}

}  // namespace

Verb TapVerb() {
  return {
      .name = "tap",
      .summary = "show the messages of services while they go and come",
      .usage = "SERVICE…",
      .description =
          "A line a message: CALLER → CALLED METHOD for a call, ← for its answer, with how it "
          "ended and\n"
          "how long it took, and what is in it as JSON, by the schema that its service serves "
          "of itself.\n"
          "Where several services are named, a message between two of them is shown once.\n"
          "\n"
          "The services are not slowed down by whoever reads: they copy each message (its first "
          "4 KiB)\n"
          "into memory that is read from here, and what comes too fast to be read is counted. "
          "When nobody\n"
          "taps, nothing is copied. ^C ends it.\n"
          "\n"
          "exit status: 0 done, 1 there is no such service, 2 usage, 3 the wiring is not up,\n"
          "130 stopped\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 64,
      .run = RunTap};
}

}  // namespace jackfield
