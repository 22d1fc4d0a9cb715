#include "tools/verbs/logs.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/time_text.h"
#include "tools/running/supervisor_client.h"
#include "tools/runs/last_run.h"
#include "tools/runs/log_reader.h"
#include "tools/verbs/running_wiring.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kWiringFlag,
    {'f', "follow", "", "then the lines that come, until the wiring ends or ^C"},
    {'n', "lines", "N", "only the last N"},
    {'s', "since", "TIME", "only those of the last 30s, 5m, 2h"},
    {'g', "grep", "TEXT", "only those that contain it"},
    kRunFlag,
    {'\0', "no-names", "", "without time and name in front"},
    kOutputFlag,
};
constexpr int64_t kLookAgainNs = 50'000'000;   // at the files, by who follows
constexpr int64_t kWrittenNs = 1'000'000'000;  // that lines on their way are waited for

struct Wanted {
  std::vector<std::string> services;
  uint64_t lines_max = UINT64_MAX;
  int64_t since_ns = INT64_MIN;
  std::string grep;
  bool follow = false, names = true;
  Output output = Output::kTable;
};

// Errors: INVALID_ARGUMENT.
absl::StatusOr<Wanted> Read(const Arguments& arguments) {
  Wanted wanted;
  wanted.services = arguments.operands;
  wanted.follow = arguments.Has("follow");
  wanted.names = !arguments.Has("no-names");
  wanted.grep = arguments.Find("grep").value_or("");
  if (const auto lines = arguments.Find("lines")) {
    const std::optional<uint64_t> number = NumberOf(*lines);
    if (!number)
      return absl::InvalidArgumentError(Text("--lines is a number, not \"", Escaped(*lines), "\""));
    wanted.lines_max = *number;
  }
  if (const auto since = arguments.Find("since")) {
    const absl::StatusOr<int64_t> ns = ParseDurationNs(*since);
    if (!ns.ok())
      return absl::InvalidArgumentError(Text("--since: ", std::string(ns.status().message())));
    wanted.since_ns = WallNs() - *ns;
  }
  if (arguments.Has("run") && wanted.follow)
    return absl::InvalidArgumentError(
        "--follow waits for lines, and a run that has ended has "
        "none to come; leave one of the two out");
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return output.status();
  wanted.output = *output;
  return wanted;
}

void Print(const LogLine& line, const Wanted& wanted) {
  const std::string_view service =
      line.service.empty() ? "jackfield" : std::string_view(line.service);
  if (wanted.output == Output::kJson) {
    std::printf("{\"time\":\"%s\",\"service\":%s,\"text\":%s}\n", TimeText(line.time_ns).c_str(),
                JsonString(service).c_str(), JsonString(line.text).c_str());
  } else if (wanted.names) {
    std::printf("%s %s | %s\n", TimeText(line.time_ns).c_str(), std::string(service).c_str(),
                line.text.c_str());
  } else {
    std::printf("%s\n", line.text.c_str());
  }
}

// What there is of one run; the last lines of it, where that is asked for.
class Printing {
 public:
  Printing(std::string directory, const Wanted& wanted)
      : wanted_(wanted), reader_(std::move(directory), wanted.services) {}

  void PrintWhatIsThere() {
    std::deque<LogLine> last;
    Each([&](const LogLine& line) {
      if (wanted_.lines_max == UINT64_MAX) return Print(line, wanted_);
      last.push_back(line);
      if (last.size() > wanted_.lines_max) last.pop_front();
    });
    for (const LogLine& line : last) Print(line, wanted_);
    std::fflush(stdout);
  }
  void PrintWhatHasCome() {
    Each([this](const LogLine& line) { Print(line, wanted_); });
    std::fflush(stdout);
  }

 private:
  void Each(const std::function<void(const LogLine&)>& each) {
    reader_.Read(
        [&](const LogLine& line) {
          if (line.time_ns >= wanted_.since_ns && line.text.find(wanted_.grep) != line.text.npos)
            each(line);
        },
        [](std::string_view service) {
          std::fprintf(stderr, "jackfield: lines of %s were removed before they were read\n",
                       service.empty() ? "jackfield" : Escaped(service).c_str());
        });
  }

  const Wanted& wanted_;
  LogReader reader_;
};

// All that the services are called which are asked for: instances by their own names. Errors: one
// is not there.
absl::Status NameServices(std::string_view wiring, const std::vector<std::string>& there,
                          Wanted& wanted) {
  std::vector<std::string> meant;
  for (const std::string& service : wanted.services) {
    const size_t before = meant.size();
    std::copy_if(there.begin(), there.end(), std::back_inserter(meant),
                 [&service](const std::string& name) { return Means(service, name); });
    if (meant.size() > before) continue;
    const std::vector<std::string_view> names(there.begin(), there.end());
    return absl::NotFoundError(
        Text(wiring, " has no service \"", Escaped(service), "\"", DidYouMean(service, names)));
  }
  wanted.services = std::move(meant);
  return absl::OkStatus();
}

int LogsOfEndedRun(const absl::StatusOr<PastRun>& run, Wanted wanted) {
  if (!run.ok()) return ComplainOfRunning(run.status());
  std::vector<std::string> there = ServicesWithLogs(run->directory);
  there.insert(there.end(), run->services.begin(), run->services.end());
  const absl::Status named = NameServices(run->wiring, there, wanted);
  if (!named.ok()) return Complain(kExitFailed, std::string(named.message()));
  Printing(run->directory, wanted).PrintWhatIsThere();
  return kExitOk;
}

// When what has been written by now is in the files; a disk that waits is not waited for.
absl::StatusOr<MessageOf<init::Wiring>> LookWhenWritten(SupervisorClient& client) {
  const int64_t until_ns = client.node().clock().NowNs() + kWrittenNs;
  for (;;) {
    absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
    if (!wiring.ok() || (*wiring)->logs_waiting() == 0 || client.node().clock().NowNs() >= until_ns)
      return wiring;
  }
}

int RunLogs(const Program& program, const Arguments& arguments) {
  absl::StatusOr<Wanted> wanted = Read(arguments);
  if (!wanted.ok()) return Complain(kExitUsage, std::string(wanted.status().message()));
  const std::string_view name = arguments.Find("wiring").value_or("");
  if (const auto run = arguments.Find("run"))
    return LogsOfEndedRun(EndedRun(name, *run), *std::move(wanted));
  const auto client = SupervisorClient::Open(*program.registry, name);
  if (!client.ok()) return ComplainOfRunning(client.status());
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = LookWhenWritten(**client);
  if (!wiring.ok()) return Complain(kExitFailed, std::string(wiring.status().message()));
  std::vector<std::string> there;
  for (const init::Service* service : *(*wiring)->services())
    there.push_back(service->name()->str());
  if ((*wiring)->logs() != nullptr) {  // also of services that are there no more
    for (std::string& service : ServicesWithLogs((*wiring)->logs()->str()))
      if (std::find(there.begin(), there.end(), service) == there.end())
        there.push_back(std::move(service));
  }
  const absl::Status named = NameServices((*client)->wiring().name, there, *wanted);
  if (!named.ok()) return Complain(kExitFailed, std::string(named.message()));
  if ((*wiring)->logs() == nullptr)
    return Complain(
        kExitFailed,
        Text((*client)->wiring().name,
             " keeps no logs: there was no place for them when it began\n  try: XDG_STATE_HOME=DIR "
             "jackfield up FILE"));

  Printing printing((*wiring)->logs()->str(), *wanted);
  printing.PrintWhatIsThere();
  while (wanted->follow) {
    Node& node = (*client)->node();
    const bool is_over = node.RunUntil([&client] { return !(*client)->IsUp(); },
                                       node.clock().NowNs() + kLookAgainNs);
    printing.PrintWhatHasCome();  // its supervisor goes when all is written
    if (is_over || !node.Usable().ok()) break;
  }
  if ((*wiring)->logs_lost() > 0)
    std::fprintf(stderr, "jackfield: %llu lines are in no file: the disk did not take them\n",
                 static_cast<unsigned long long>((*wiring)->logs_lost()));
  return kExitOk;
}

}  // namespace

Verb LogsVerb() {
  return {
      .name = "logs",
      .summary = "what the services of a wiring have written on stderr",
      .usage = "[SERVICE…]",
      .description =
          "The oldest first, with the time (UTC) at which it came and the service's name. They "
          "are files:\n"
          "of each service the last 4, of 8 MiB, or as the wiring says (`logs`), and stay until "
          "the "
          "next\n"
          "run but one of that wiring. A service with instances means all of them.\n"
          "\n"
          "exit status: 0 done, 1 there is no such service, 2 several wirings are meant, 3 the\n"
          "wiring is not up, or no such run is kept\n",
      .flags = kFlags,
      .operands_max = 64,
      .run = RunLogs};
}

}  // namespace jackfield
