#include "tools/verbs/logs.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/cli/time_text.h"
#include "tools/running/supervisor_client.h"
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
    {'\0', "no-names", "", "without time and name in front"},
    kOutputFlag,
};

struct Wanted {
  std::vector<std::string> services;
  int64_t lines_max = INT64_MAX;
  int64_t since_ns = INT64_MIN;
  std::string grep;
  bool follow = false, names = true;
  Output output = Output::kTable;
};

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

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
    wanted.lines_max = static_cast<int64_t>(std::min<uint64_t>(*number, INT64_MAX));
  }
  if (const auto since = arguments.Find("since")) {
    const absl::StatusOr<int64_t> ns = ParseDurationNs(*since);
    if (!ns.ok())
      return absl::InvalidArgumentError(Text("--since: ", std::string(ns.status().message())));
    wanted.since_ns = NowNs() - *ns;
  }
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return output.status();
  wanted.output = *output;
  return wanted;
}

void Print(const init::LogLine& line, const Wanted& wanted) {
  const std::string_view service =
      line.service() == nullptr ? "jackfield" : line.service()->string_view();
  const std::string_view text = line.text() == nullptr ? "" : line.text()->string_view();
  if (line.missed() > 0)
    std::fprintf(stderr, "jackfield: %llu lines came too fast to be kept\n",
                 static_cast<unsigned long long>(line.missed()));
  if (line.time_ns() < wanted.since_ns || text.find(wanted.grep) == text.npos) return;
  if (wanted.output == Output::kJson) {
    std::printf("{\"time\":\"%s\",\"service\":%s,\"text\":%s}\n", TimeText(line.time_ns()).c_str(),
                JsonString(service).c_str(), JsonString(text).c_str());
  } else if (wanted.names) {
    std::printf("%s %s | %s\n", TimeText(line.time_ns()).c_str(), std::string(service).c_str(),
                std::string(text).c_str());
  } else {
    std::printf("%s\n", std::string(text).c_str());
  }
}

// All that the services are called which are asked for: instances by their own names. Errors: one
// is not there.
absl::Status NameServices(SupervisorClient& client, Wanted& wanted) {
  if (wanted.services.empty()) return absl::OkStatus();
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  std::vector<std::string_view> names;
  for (const init::Service* service : *(*wiring)->services())
    names.push_back(service->name()->string_view());
  std::vector<std::string> meant;
  for (const std::string& service : wanted.services) {
    const size_t before = meant.size();
    for (const std::string_view name : names) {
      if (Means(service, name)) meant.emplace_back(name);
    }
    if (meant.size() == before)
      return absl::NotFoundError(Text(client.wiring().name, " has no service \"", Escaped(service),
                                      "\"", DidYouMean(service, names)));
  }
  wanted.services = std::move(meant);
  return absl::OkStatus();
}

int RunLogs(const Program& program, const Arguments& arguments) {
  absl::StatusOr<Wanted> wanted = Read(arguments);
  if (!wanted.ok()) return Complain(kExitUsage, std::string(wanted.status().message()));
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  if (const absl::Status there = NameServices(**client, *wanted); !there.ok())
    return Complain(kExitFailed, std::string(there.message()));
  const auto request = [&wanted](flatbuffers::FlatBufferBuilder& fbb) {
    const auto services = fbb.CreateVectorOfStrings(wanted->services);
    return init::CreateLogsRequest(fbb, services, wanted->lines_max, wanted->follow);
  };
  auto lines = (*client)->init().Logs(request);
  if (!lines.ok()) return Complain(kExitFailed, std::string(lines.status().message()));
  while (const std::optional<MessageOf<init::LogLine>> line = lines->Read().Wait()) {
    Print(**line, *wanted);
    if (wanted->follow) std::fflush(stdout);
  }
  const absl::Status ended = lines->Finish().Wait();
  // Whoever follows a wiring to its end has seen all there was.
  if (ended.ok() || (wanted->follow && !(*client)->IsUp())) return kExitOk;
  return Complain(kExitFailed, std::string(ended.message()));
}

}  // namespace

Verb LogsVerb() {
  return {
      .name = "logs",
      .summary = "what the services of a running wiring have written on stderr",
      .usage = "[SERVICE…]",
      .description =
          "The oldest first, with the time (UTC) at which it came and the service's name. The "
          "last\n"
          "4 MiB of a wiring are kept, as long as it is up. A service with instances means all of "
          "them.\n"
          "\n"
          "exit status: 0 done, 1 there is no such service, 2 several wirings are meant, 3 the\n"
          "wiring is not up\n",
      .flags = kFlags,
      .operands_max = 64,
      .run = RunLogs};
}

}  // namespace jackfield
