#include "services/semaphore/semaphore.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackfield/node.h"
#include "kernel/base/text.h"

namespace jackfield::semaphore {
namespace {

constexpr size_t kClaimantsPerItem = 200;  // of List: below the verifier's limit of tables

// A wait in a handler that ends when somebody says so, or at its time.
class Waiting {
 public:
  Waiting(Node& node, int64_t until_ns)
      : node_(node),
        until_ns_(until_ns),
        timer_([](Timer& timer) { static_cast<Waiting*>(timer.user)->End(); }, this) {}
  ~Waiting() { node_.timers().Cancel(timer_); }

  bool await_ready() const { return ended_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(node_, waiting);
    if (until_ns_ != Timers::kNever) node_.timers().Arm(timer_, until_ns_);
  }
  void await_resume() { node_.timers().Cancel(timer_); }
  void End() {
    ended_ = true;
    suspended_.Resume(node_);
  }

 private:
  Node& node_;
  const int64_t until_ns_;
  Timer timer_;
  Suspended suspended_;
  bool ended_ = false;
};

Claim::Claimant WhoAsks(const ServerCall& call) {
  const PeerIdentity peer = call.peer();
  return {call.peer_name(), peer.known ? static_cast<int>(peer.pid) : 0};
}

// It ended without its holder's will: with its session (then nobody is known to have called any
// more), or at its time. Of one that cancels, the session is still there.
bool IsAbandoned(const ServerCall& call, const Claim& claim, int64_t now_ns) {
  return call.cancelled() && (claim.who().name.empty() || call.peer_name() != claim.who().name ||
                              now_ns >= call.deadline_ns());
}

}  // namespace

SemaphoreServer::SemaphoreServer()
    : SemaphoreServer(static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count())) {}

PortOptions SemaphoreServer::OptionsForPort() {
  PortOptions options;
  options.handlers_max = Permits::kClaimsMax + 1024;
  return options;
}

Handling SemaphoreServer::Hold(BothStreamsOf<Wish, Held> call) {
  Node& node = call.node();
  const std::optional<MessageOf<Wish>> wish = co_await call.Read();
  if (!wish.has_value()) {
    co_return call.cancelled() ? absl::CancelledError("the caller no longer waits")
                               : absl::InvalidArgumentError("say what is wanted first: a Wish");
  }
  const int64_t begin_ns = node.clock().NowNs();
  const int64_t wait_ns = int64_t{(*wish)->wait_ms()} * 1'000'000;
  Waiting waiting(node, begin_ns + wait_ns);
  Claim claim(permits_, WhoAsks(call.call()));
  absl::Status entered = claim.Enter((*wish)->name()->string_view(), (*wish)->permits(),
                                     (*wish)->size(), begin_ns, [&waiting] { waiting.End(); });
  if (!entered.ok()) co_return entered;
  if (!claim.holds()) {
    if (wait_ns == 0) co_return absl::ResourceExhaustedError(claim.WhyItWaits());
    call.call().OnCancel([&waiting] { waiting.End(); });
    co_await waiting;
    if (!claim.holds()) {
      if (call.cancelled()) co_return absl::CancelledError("the caller no longer waits");
      co_return absl::DeadlineExceededError(
          Text("not within ", (*wish)->wait_ms(), " ms: ", claim.WhyItWaits()));
    }
  }
  absl::Status told = co_await call.Write([&claim](flatbuffers::FlatBufferBuilder& fbb) {
    return CreateHeld(fbb, claim.fence(), claim.abandoned());
  });
  if (!told.ok()) co_return told;  // and the claim ends as abandoned
  if (const std::optional<MessageOf<Wish>> more = co_await call.Read(); more.has_value())
    co_return absl::InvalidArgumentError("a hold has one Wish: open another stream for another");
  claim.End(IsAbandoned(call.call(), claim, node.clock().NowNs()) ? Claim::How::kAbandoned
                                                                  : Claim::How::kGivenBack);
  co_return absl::OkStatus();
}

Handling SemaphoreServer::List(ServerStreamOf<ListRequest, Semaphore> call) {
  struct Row {
    Claim::Claimant who;
    uint32_t permits;
    bool holds;
    int64_t entered_ns;
    uint64_t fence;
  };
  struct Item {
    std::string name;
    uint32_t size, free;
    std::vector<Row> rows;
    bool goes_on;
  };
  // A copy first: what is listed may change while the client takes its time.
  std::vector<Item> items;
  const std::string_view only =
      call->name() == nullptr ? std::string_view() : std::string_view(call->name()->string_view());
  for (const auto& [name, semaphore] : permits_.semaphores()) {
    if (!only.empty() && name != only) continue;
    items.push_back({name, semaphore.size, semaphore.free, {}, false});
    for (const auto* list : {&semaphore.holding, &semaphore.waiting}) {
      for (Claim* claim = list->front(); claim != nullptr; claim = list->next(claim)) {
        if (items.back().rows.size() == kClaimantsPerItem) {
          items.back().goes_on = true;
          items.push_back({name, semaphore.size, semaphore.free, {}, false});
        }
        items.back().rows.push_back(
            {claim->who(), claim->wanted(), claim->holds(), claim->entered_ns(), claim->fence()});
      }
    }
  }
  const int64_t now_ns = call.node().clock().NowNs();
  for (const Item& item : items) {
    absl::Status written = co_await call.Write([&](flatbuffers::FlatBufferBuilder& fbb) {
      std::vector<flatbuffers::Offset<Claimant>> claimants;
      for (const Row& row : item.rows) {
        claimants.push_back(CreateClaimant(
            fbb, fbb.CreateString(row.who.name), row.who.pid, row.permits, row.holds,
            static_cast<uint64_t>(std::max<int64_t>(0, now_ns - row.entered_ns)) / 1'000'000,
            row.fence));
      }
      return CreateSemaphore(fbb, fbb.CreateString(item.name), item.size, item.free,
                             fbb.CreateVector(claimants), item.goes_on);
    });
    if (!written.ok()) co_return written;
  }
  co_return absl::OkStatus();
}

absl::Status RunSemaphore(Service& service) {
  SemaphoreServer server;
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve(SemaphoreServer::OptionsForPort());
  if (!port.ok()) return port.status();
  server.RegisterOn(**port);
  return service.Run();
}

}  // namespace jackfield::semaphore
