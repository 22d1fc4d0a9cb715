#include "tools/verbs/postmortem.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/running/supervisor_client.h"
#include "tools/runs/kept_pages.h"
#include "tools/runs/last_run.h"
#include "tools/runs/log_line.h"
#include "tools/verbs/data.h"
#include "tools/verbs/running_wiring.h"
#include "tools/watch/line.h"
#include "tools/watch/names.h"
#include "tools/watch/tools_own.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {
    kWiringFlag,
    kRunFlag,
    {'n', "lines", "N", "only the last N messages"},
    {'a', "all", "", "also what the bus's own tools ask"},
    kOutputFlag,
};

struct Wanted {
  std::string service;
  size_t lines_max = SIZE_MAX;
  bool own = false, json = false;
};

// Errors: INVALID_ARGUMENT.
absl::StatusOr<Wanted> Read(const Arguments& arguments) {
  Wanted wanted{.service = arguments.operands[0], .own = arguments.Has("all")};
  if (const auto lines = arguments.Find("lines")) {
    const std::optional<uint64_t> number = NumberOf(*lines);
    if (!number)
      return absl::InvalidArgumentError(Text("--lines is a number, not \"", Escaped(*lines), "\""));
    wanted.lines_max = *number;
  }
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return output.status();
  wanted.json = *output == Output::kJson;
  return wanted;
}

// What a page tells, in words.
class Story {
 public:
  Story(const watch::PageCopy& page, const watch::Names& names, bool own)
      : page_(page), names_(names) {
    for (const watch::Event& event : page.events) {
      watch::Seen seen;
      seen.service = page.name;
      seen.event = event;
      seen.told = follower_.Take(event);
      seen.peer = PeerOf(event.peer_epoch);
      seen.method = names.MethodOf(seen.told.type);
      if (own || !watch::IsToolsOwn(seen.method)) seen_.push_back(std::move(seen));
    }
    for (const watch::Follower::Open& open : follower_.StillOpen()) {
      if (own || !watch::IsToolsOwn(names.MethodOf(open.type))) open_.push_back(open);
    }
  }

  // "its last 7 messages, without 12 of the bus's own tools (--all)"
  std::string Count() const {
    const size_t hidden = page_.events.size() - seen_.size();
    return Text("its last ", seen_.size(), " messages",
                hidden == 0 ? "" : Text(", without ", hidden, " of the bus's own tools (--all)"));
  }

  absl::Status Print(const Wanted& wanted) const {
    for (size_t i = seen_.size() - std::min(seen_.size(), wanted.lines_max); i < seen_.size();
         ++i) {
      const absl::Status printed =
          PrintLine(wanted.json ? watch::JsonOf(seen_[i]) : watch::LineOf(seen_[i]));
      if (!printed.ok()) return printed;
    }
    return wanted.json ? absl::OkStatus() : PrintOpen();
  }

 private:
  std::string PeerOf(uint64_t epoch) const {
    const auto peer = page_.peers.find(epoch);
    return peer == page_.peers.end() ? "?" : peer->second;
  }

  absl::Status PrintOpen() const {
    const int64_t end_ns = page_.events.empty() ? 0 : page_.events.back().realtime_ns;
    for (const watch::Follower::Open& open : open_) {
      const std::string peer = PeerOf(open.peer_epoch);
      const absl::Status printed =
          PrintLine(Text("# not answered, ", FormatDurationNs(end_ns - open.realtime_ns),
                         " old then: ", open.received ? peer : page_.name, " → ",
                         open.received ? page_.name : peer, "  ", names_.MethodOf(open.type)));
      if (!printed.ok()) return printed;
    }
    return absl::OkStatus();
  }

  const watch::PageCopy& page_;
  const watch::Names& names_;
  watch::Follower follower_;
  std::vector<watch::Seen> seen_;
  std::vector<watch::Follower::Open> open_;
};

// where: "", or which run it was.
int Tell(const KeptPage& kept, watch::Names& names, std::string_view where, const Wanted& wanted) {
  const absl::StatusOr<watch::PageCopy> page = watch::ReadPage(kept.page);
  if (!page.ok())
    return Complain(kExitFailed, Text(wanted.service, ": ", std::string(page.status().message())));
  names.Add(page->name, page->methods);
  const Story story(*page, names, wanted.own);
  absl::Status printed = wanted.json
                             ? absl::OkStatus()
                             : PrintLine(Text("# ", page->name, " (process ", page->pid, ") ",
                                              kept.ending, where, "; ", story.Count(), ":"));
  if (printed.ok()) printed = story.Print(wanted);
  return printed.ok() ? kExitOk : Complain(kExitFailed, std::string(printed.message()));
}

int TellOfEndedRun(const Program& program, const PastRun& run, const Wanted& wanted) {
  const std::vector<std::string> there = KeptPagesIn(run.directory);
  const std::string name = Escaped(run.wiring);
  if (std::find(there.begin(), there.end(), wanted.service) == there.end()) {
    const bool was_there =
        std::find(run.services.begin(), run.services.end(), wanted.service) != run.services.end();
    const std::vector<std::string_view> services(run.services.begin(), run.services.end());
    return Complain(kExitFailed,
                    was_there
                        ? Text("of ", wanted.service, " nothing was kept in that run of ", name,
                               !run.end ? ": it was still there when its supervisor was killed"
                                        : ": it was never ready, or shows nothing of itself")
                        : Text(name, " had no service \"", Escaped(wanted.service), "\"",
                               DidYouMean(wanted.service, services)));
  }
  watch::Names names(*program.registry, "");
  for (const std::string& other : there) {
    const absl::StatusOr<KeptPage> kept = ReadKeptPage(run.directory, other);
    if (!kept.ok()) continue;
    if (const auto page = watch::ReadPage(kept->page); page.ok())
      names.Add(page->name, page->methods);
  }
  const absl::StatusOr<KeptPage> kept = ReadKeptPage(run.directory, wanted.service);
  if (!kept.ok()) return Complain(kExitFailed, std::string(kept.status().message()));
  const std::string ago = FormatDurationNs(std::max<int64_t>(0, WallNs() - run.ended_ns));
  return Tell(*kept, names,
              Text(", in the run of ", name,
                   run.end ? Text(" that ended ", ago, " ago") : " whose supervisor was killed"),
              wanted);
}

int TellOfThisRun(const Program& program, SupervisorClient& client, const Wanted& wanted) {
  const auto request = [&wanted](flatbuffers::FlatBufferBuilder& fbb) {
    return init::CreateLastRequestDirect(fbb, wanted.service.c_str());
  };
  const absl::StatusOr<MessageOf<init::Last>> last = client.init().LastOf(request).Wait();
  if (!last.ok()) return Complain(kExitFailed, std::string(last.status().message()));
  const auto* bytes = (*last)->page();
  const KeptPage kept{.ending = (*last)->ending() == nullptr ? "ended" : (*last)->ending()->str(),
                      .page = {reinterpret_cast<const char*>(bytes->data()), bytes->size()}};
  watch::Names names(*program.registry, client.wiring().name);
  names.Learn(client);
  return Tell(kept, names, "", wanted);
}

int RunPostmortem(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Wanted> wanted = Read(arguments);
  if (!wanted.ok()) return Complain(kExitUsage, std::string(wanted.status().message()));
  const std::string_view wiring = arguments.Find("wiring").value_or("");
  if (const auto named = arguments.Find("run")) {
    const absl::StatusOr<PastRun> run = EndedRun(wiring, *named);
    return run.ok() ? TellOfEndedRun(program, *run, *wanted) : ComplainOfRunning(run.status());
  }
  const auto client = SupervisorClient::Open(*program.registry, wiring);
  if (client.ok()) return TellOfThisRun(program, **client, *wanted);
  if (absl::IsFailedPrecondition(client.status())) return ComplainOfRunning(client.status());
  // It has ended, and that may be why somebody asks.
  const absl::StatusOr<PastRun> run = EndedRun(wiring, "last");
  return run.ok() ? TellOfEndedRun(program, *run, *wanted) : ComplainOfRunning(client.status());
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
          "the next process of the service has ended, and with the logs of a run: where the wiring "
          "is not up\n"
          "its last run is meant. What was still there when the supervisor was killed is not "
          "kept.\n"
          "\n"
          "exit status: 0 done, 1 nothing was kept, 2 usage, 3 the wiring is not up, and no run "
          "of it is\n"
          "kept\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 1,
      .run = RunPostmortem};
}

}  // namespace jackfield
