#include "tools/verbs/demo.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "tools/verbs/load_plan.h"
#include "tools/verbs/up.h"

namespace jackfield {
namespace {

constexpr std::string_view kOrders = "5000";  // some seconds of them
constexpr Flag kOrdersFlag = {'\0', "orders", "N", "ends after so many (default 5000); 0: at ^C"};
constexpr Flag kFlags[] = {kOrdersFlag, kOverFlag, kSetFlag};

// What is worth a look in a second terminal, while it runs.
void SayWhatToTry() {
  std::fputs(
      "try in a second terminal:\n"
      "  jackfield ps shop              its services: state, process, restarts, who waits on whom\n"
      "  jackfield logs -f -w shop      what they write\n"
      "  kill -9 PID                    of one that ps shows: it is started again, the books add "
      "up\n"
      "  jackfield set shop gate.calls.orders=unix:   moves a channel\n"
      "  jackfield down shop            stops it\n"
      "and then the same over one medium, or for as long as you like:\n"
      "  jackfield demo --over pipe\n"
      "  jackfield demo --orders 0\n",
      stderr);
}

int RunDemo(const Program& program, const Arguments& arguments) {
  if (program.demo.empty()) return Complain(kExitUsage, "this program has no demo in it");
  const std::string orders(arguments.Find("orders").value_or(kOrders));
  if (!NumberOf(orders)) {
    return Complain(kExitUsage, Text("--orders is a number, such as ", kOrders, ", not \"",
                                     Escaped(orders), "\""));
  }
  WiringSource source;
  source.read = [&](const std::vector<std::string>& sets) {
    return PlanOfText(program, arguments, "demo", program.demo, {"--orders", orders}, sets);
  };
  source.once = "the wiring is in the program";
  const absl::StatusOr<Plan> plan = source.read({});
  if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kStart);
  if (!arguments.Has("quiet")) SayWhatToTry();
  return RunUntilDone(program, arguments, *plan, std::move(source));
}

}  // namespace

Verb DemoVerb() {
  return {.name = "demo",
          .summary = "run the example: a shop of six services, whose books must add up",
          .usage = "",
          .description =
              "Customers order, prices change, two packers share the work, a ledger writes down "
              "how each\n"
              "order ended; at the end all of them are held against each other.\n"
              "services/shop/README.md tells the story; its shop.toml is what runs here.\n"
              "\n"
              "exit status: 0 it adds up, 1 it does not or a service failed, 2 the command is "
              "wrong,\n"
              "130 interrupted\n",
          .flags = kFlags,
          .run = RunDemo};
}

}  // namespace jackfield
