#include "tools/web/verbs.h"

namespace jackfield::web {
namespace {

constexpr Flag kMetricsFlags[] = {
    {'l', "listen", "PLACE", "address and port (default 127.0.0.1:7700); port 0: a free one"}};
constexpr Flag kUiFlags[] = {
    {'l', "listen", "PLACE", "address and port (default 127.0.0.1:0); port 0: a free one"}};

}  // namespace

Verb MetricsVerb() {
  return {
      .name = "metrics",
      .summary = "the figures of a running wiring for Prometheus, at /metrics",
      .usage = "[WIRING]",
      .description =
          "Answers http://PLACE/metrics until ^C, and prints that address when it can be asked.\n"
          "Each question is a look at the supervisor and at the services' pages; nobody is asked\n"
          "while nobody asks. A wiring that has ended is jackfield_wiring_up 0, and is looked for\n"
          "again. Any user of this machine can read it: names and figures, no messages.\n"
          "\n"
          "exit status: 1 it cannot listen there, 2 usage, 3 the wiring is not up, 130 stopped\n",
      .flags = kMetricsFlags,
      .operands_max = 1};
}

Verb UiVerb() {
  return {
      .name = "ui",
      .summary = "a page in the browser that shows a running wiring",
      .usage = "[WIRING]",
      .description =
          "Serves the page until ^C, and prints its address. In it is a token, without which\n"
          "nothing is answered: who has the address sees what this user sees. The page shows the\n"
          "services and their channels with rates and times, who is stuck and why, times as a\n"
          "curve, and the last calls of a service. /metrics is there, too.\n"
          "\n"
          "exit status: 1 it cannot listen there, 2 usage, 3 the wiring is not up, 130 stopped\n",
      .flags = kUiFlags,
      .operands_max = 1};
}

}  // namespace jackfield::web
