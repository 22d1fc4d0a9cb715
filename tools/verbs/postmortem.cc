#include "tools/verbs/postmortem.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/supervisor_client.h"
#include "tools/verbs/data.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/line.h"
#include "tools/watch/names.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kWiringFlag,
    {'n', "lines", "N", "only the last N messages"},
    kOutputFlag,
};

absl::Status Print(const watch::PageCopy& page, const watch::Names& names, size_t lines_max,
                   bool json) {
  watch::Follower follower;
  const auto peer_of = [&page](uint64_t epoch) {
    const auto peer = page.peers.find(epoch);
    return peer == page.peers.end() ? std::string("?") : peer->second;
  };
  const size_t skipped = page.events.size() - std::min(page.events.size(), lines_max);
  for (size_t i = 0; i < page.events.size(); ++i) {
    watch::Seen seen;
    seen.service = page.name;
    seen.event = page.events[i];
    seen.told = follower.Take(seen.event);
    seen.peer = peer_of(seen.event.peer_epoch);
    seen.method = names.MethodOf(seen.told.type);
    if (i < skipped) continue;
    if (absl::Status printed = PrintLine(json ? watch::JsonOf(seen) : watch::LineOf(seen));
        !printed.ok())
      return printed;
  }
  if (json) return absl::OkStatus();
  const int64_t end_ns = page.events.empty() ? 0 : page.events.back().realtime_ns;
  for (const watch::Follower::Open& open : follower.StillOpen()) {
    const std::string peer = peer_of(open.peer_epoch);
    const absl::Status printed =
        PrintLine(Text("# not answered, ", FormatDurationNs(end_ns - open.realtime_ns),
                       " old then: ", open.received ? peer : page.name, " → ",
                       open.received ? page.name : peer, "  ", names.MethodOf(open.type)));
    if (!printed.ok()) return printed;
  }
  return absl::OkStatus();
}

int RunPostmortem(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  uint64_t lines_max = UINT64_MAX;
  if (const auto lines = arguments.Find("lines")) {
    const std::optional<uint64_t> number = NumberOf(*lines);
    if (!number)
      return Complain(kExitUsage, Text("--lines is a number, not \"", Escaped(*lines), "\""));
    lines_max = *number;
  }
  const auto client =
      SupervisorClient::Open(*program.registry, arguments.Find("wiring").value_or(""));
  if (!client.ok()) return ComplainOfRunning(client.status());
  const std::string& service = arguments.operands[0];
  const auto request = [&service](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateLastRequestDirect(fbb, service.c_str());
  };
  const absl::StatusOr<MessageOf<init::Last>> last = (*client)->init().LastOf(request).Wait();
  if (!last.ok()) return Complain(kExitFailed, std::string(last.status().message()));
  const auto* bytes = (*last)->page();
  const absl::StatusOr<watch::PageCopy> page = watch::ReadPage(
      std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  if (!page.ok())
    return Complain(kExitFailed, Text(service, ": ", std::string(page.status().message())));
  watch::Names names(*program.registry, (*client)->wiring().name);
  names.Add(page->name, page->methods);
  names.Learn(**client);
  const bool json = *output == Output::kJson;
  const std::string ending = (*last)->ending() == nullptr ? "ended" : (*last)->ending()->str();
  absl::Status printed =
      json ? absl::OkStatus()
           : PrintLine(Text("# ", page->name, " (process ", page->pid, ") ", ending, "; its last ",
                            page->events.size(), " messages:"));
  if (printed.ok()) printed = Print(*page, names, lines_max, json);
  return printed.ok() ? kExitOk : Complain(kExitFailed, std::string(printed.message()));
}

}  // namespace

Verb PostmortemVerb() {
  return {
      .name = "postmortem",
      .summary = "show what a service did last before its process ended",
      .usage = "SERVICE",
      .description =
          "The last 1,024 messages that its last process sent and received, also after kill -9: "
          "a line each\n"
          "as of `tap`, without what was in them; then the calls that it left unanswered. They "
          "are kept until\n"
          "the next process of the service has ended, as long as the wiring is up.\n"
          "\n"
          "exit status: 0 done, 1 nothing was kept, 2 usage, 3 the wiring is not up\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 1,
      .run = RunPostmortem};
}

}  // namespace jackfield
