#include "tests/e2e/up/front_service.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/payload.h"

namespace jackfield {
namespace {

constexpr uint32_t kWord = 1, kNote = 3;  // of test_services.cc
constexpr int kCallers = 4;
constexpr nanoseconds kPause = 500us;  // of each, between two calls

struct Tally {
  uint64_t begun = 0, outcomes[4] = {}, sent = 0, unsent = 0;
  std::vector<int64_t> waits_us;
  int callers = 0;
};

Task<void> CallOn(Node& node, Service& service, Channel& tokenize, Channel& log, Tally& tally) {
  while (!service.stop_requested()) {
    ++tally.begun;
    const int64_t begun_ns = node.clock().NowNs();
    const absl::StatusOr<Message> reply = co_await tokenize.Call(kWord, Bytes("word"));
    tally.waits_us.push_back((node.clock().NowNs() - begun_ns) / 1000);
    ++tally.outcomes[static_cast<size_t>(OutcomeOf(reply.status()))];
    if (!reply.ok())
      std::fprintf(stderr, "%s\n", reply.status().ToString().c_str());
    else if (tally.outcomes[0] == 1)
      std::fputs("goes\n", stderr);
    const absl::Status sent = co_await log.Send(kNote, Bytes("note"));
    if (!sent.ok()) std::fprintf(stderr, "%s\n", sent.ToString().c_str());
    ++(sent.ok() ? tally.sent : tally.unsent);
    co_await node.Sleep(kPause);
  }
  --tally.callers;
}

void Print(Tally& tally) {
  const auto text = [](uint64_t number) { return static_cast<unsigned long long>(number); };
  std::printf("begun %llu ok %llu refused %llu failed %llu in_doubt %llu\n", text(tally.begun),
              text(tally.outcomes[0]), text(tally.outcomes[1]), text(tally.outcomes[2]),
              text(tally.outcomes[3]));
  std::printf("sent %llu unsent %llu\n", text(tally.sent), text(tally.unsent));
  std::vector<int64_t>& waits = tally.waits_us;
  if (waits.empty()) return;
  std::sort(waits.begin(), waits.end());
  const auto slow = waits.end() - std::lower_bound(waits.begin(), waits.end(), 10'000);
  std::printf("waits_us p50 %lld p99 %lld most %lld over_10ms %lld\n",
              static_cast<long long>(waits[waits.size() / 2]),
              static_cast<long long>(waits[waits.size() * 99 / 100]),
              static_cast<long long>(waits.back()), static_cast<long long>(slow));
}

}  // namespace

absl::Status FrontService(Service& service) {
  absl::StatusOr<std::unique_ptr<Channel>> tokenize = service.Connect("tokenize");
  if (!tokenize.ok()) return tokenize.status();
  absl::StatusOr<std::unique_ptr<Channel>> log = service.Connect("log");
  if (!log.ok()) return log.status();
  Node& node = service.node();
  Tally tally;
  for (; tally.callers < kCallers; ++tally.callers)
    node.Spawn(CallOn(node, service, **tokenize, **log, tally));
  const absl::Status ran = service.Run();
  node.RunUntil([&tally] { return tally.callers == 0; });  // each call has a deadline
  Print(tally);
  std::fflush(stdout);
  return ran;
}

}  // namespace jackfield
