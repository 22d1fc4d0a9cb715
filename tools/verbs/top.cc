#include "tools/verbs/top.h"

#include <unistd.h>

#include <clocale>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/find_wiring.h"
#include "tools/running/supervisor_client.h"
#include "tools/running/top_view.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/latencies.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    {'d', "delay", "TIME", "from one look to the next (default 1s)"},
    {'\0', "once", "", "one look at rates over that time, as text, then the end"},
    {'o', "output", "FORMAT", "table (the default) or json: one look, an object a channel"},
};
constexpr int64_t kDelayNs = 1'000'000'000, kDelayNsLeast = 100'000'000;
constexpr size_t kColumnsOfText = 200;
constexpr int kKeyWaitMs = 100;
constexpr std::string_view kKeys = "  [q]uit [s]ort";  // ends with a zero

// The terminal, as long as this lives.
class Screen final {
 public:
  Screen() {
    std::setlocale(LC_ALL, "");
    initscr();
    cbreak();
    noecho();
    curs_set(0);
    timeout(kKeyWaitMs);
  }
  ~Screen() { endwin(); }
  Screen(const Screen&) = delete;

  void Show(const TopView& view) {
    erase();
    const auto lines = view.Lines(static_cast<size_t>(COLS), static_cast<size_t>(LINES));
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i == 1) attron(A_REVERSE);
      mvaddstr(static_cast<int>(i), 0, lines[i].c_str());
      if (i == 1) attroff(A_REVERSE);
    }
    if (!lines.empty() && lines[0].size() + kKeys.size() <= static_cast<size_t>(COLS))
      mvaddstr(0, COLS - static_cast<int>(kKeys.size()), kKeys.data());
    refresh();
  }
};

absl::Status LookOnce(SupervisorClient& client, watch::Latencies& latencies, TopView& view) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  view.Take(**wiring, client.node().clock().NowNs(), latencies.Look(**wiring, client.wiring().pid));
  return absl::OkStatus();
}

absl::Status ShowOnce(SupervisorClient& client, int64_t delay_ns, Output output) {
  TopView view;
  watch::Latencies latencies;
  if (absl::Status looked = LookOnce(client, latencies, view); !looked.ok()) return looked;
  client.node().RunUntil([] { return false; }, client.node().clock().NowNs() + delay_ns);
  if (absl::Status looked = LookOnce(client, latencies, view); !looked.ok()) return looked;
  for (const std::string& line :
       output == Output::kJson ? view.JsonLines() : view.Lines(kColumnsOfText, SIZE_MAX))
    std::printf("%s\n", line.c_str());
  return absl::OkStatus();
}

absl::Status ShowScreen(SupervisorClient& client, int64_t delay_ns) {
  TopView view;
  watch::Latencies latencies;
  Screen screen;
  for (int64_t next_ns = 0;;) {
    const int64_t now_ns = client.node().clock().NowNs();
    if (now_ns >= next_ns) {
      if (absl::Status looked = LookOnce(client, latencies, view); !looked.ok()) return looked;
      next_ns = now_ns + delay_ns;
    }
    screen.Show(view);
    const int key = getch();
    if (key == 'q') return absl::OkStatus();
    if (key == 's') view.NextOrder();
  }
}

int RunTop(const Program& program, const Arguments& arguments) {
  int64_t delay_ns = kDelayNs;
  if (const auto text = arguments.Find("delay")) {
    const absl::StatusOr<int64_t> read = ParseDurationNs(*text);
    if (!read.ok() || *read < kDelayNsLeast)
      return Complain(kExitUsage,
                      Text("--delay is a time of at least ", FormatDurationNs(kDelayNsLeast),
                           ", such as 2s, not \"", Escaped(*text), "\""));
    delay_ns = *read;
  }
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  const bool once = arguments.Has("once") || *output == Output::kJson;
  if (!once && isatty(1) != 1)
    return Complain(kExitUsage, "top draws on a terminal, and stdout is none\n  try: --once");
  const std::string wanted = arguments.operands.empty() ? "" : arguments.operands[0];
  const auto client = SupervisorClient::Open(*program.registry, wanted);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const absl::Status shown =
      once ? ShowOnce(**client, delay_ns, *output) : ShowScreen(**client, delay_ns);
  if (shown.ok()) return kExitOk;
  if (!(*client)->IsUp()) {
    const std::string ended = HowItHasEnded((*client)->wiring());
    return Complain(once ? kExitFailed : kExitOk, ended);
  }
  return Complain(kExitFailed, std::string(shown.message()));
}

}  // namespace

Verb TopVerb() {
  return {
      .name = "top",
      .summary = "the channels of a running wiring, live: rates, calls under way, the oldest",
      .usage = "[WIRING]",
      .description =
          "Messages a second that each client sends, its calls under way, how long the oldest "
          "of\n"
          "them has been (streams do not count), and what is in doubt. Below: the services that\n"
          "do not get on, and why. Keys: s sorts by another column, q ends. With -o json it is "
          "one look,\n"
          "an object a channel: rates are over the time of --delay, sent_per_s is null where it is "
          "not known.\n"
          "\n"
          "exit status: 0 done, 1 it does not answer, 2 several are meant, 3 it is not up\n",
      .flags = kFlags,
      .operands_max = 1,
      .run = RunTop};
}

}  // namespace jackfield
