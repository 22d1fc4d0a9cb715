#include "tests/e2e/up/pool_services.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "jackfield/outcome.h"
#include "jackfield/pool.h"
#include "services/pool/worker_service.h"

namespace jackfield {
namespace {

using pool::Done;
using pool::Nothing;
using pool::Work;
using pool::WorkerClient;

class Worker final : public pool::WorkerService {
 public:
  explicit Worker(const std::string& name) : name_(name) {}
  Handling Do(CallOf<Work, Done> call) override { return Answer(call); }
  Handling Once(CallOf<Work, Done> call) override { return Answer(call); }
  Handling Note(OneWayOf<Work>) override { return absl::OkStatus(); }

 private:
  Handling Answer(CallOf<Work, Done>& call) const {
    return call.Reply([this](auto& fbb) { return pool::CreateDoneDirect(fbb, name_.c_str()); });
  }
  const std::string name_;
};

class Boss {
 public:
  Boss(Service& service, Pool<WorkerClient> pool)
      : service_(service), node_(service.node()), pool_(std::move(pool)) {}

  void Run(int64_t timeout_ms, uint64_t calls) {
    left_ = calls;
    constexpr int kAtATime = 8;
    for (at_it_ = 0; at_it_ < kAtATime;) {
      ++at_it_;
      node_.Spawn(Ask(node_, timeout_ms));
    }
    node_.RunUntil([this] { return at_it_ == 0; });
  }
  void Print() const {
    for (const auto& [name, answers] : answers_)
      std::printf("%s %llu\n", name.c_str(), static_cast<unsigned long long>(answers));
    std::printf("%d in doubt, %d lost\n", in_doubt_, lost_);
    std::fflush(stdout);
  }

 private:
  Task<void> Ask([[maybe_unused]] Node& node, int64_t timeout_ms) {
    while (left_ > 0 && !service_.stop_requested()) {
      --left_;
      const auto done = co_await pool_.One().Do([](auto& fbb) { return pool::CreateWork(fbb, 7); },
                                                {.timeout = std::chrono::milliseconds(timeout_ms)});
      Count(done);
    }
    --at_it_;
  }
  void Count(const absl::StatusOr<MessageOf<Done>>& done) {
    if (done.ok()) {
      ++answers_[(*done)->worker()->str()];
      if (++answered_ % 1000 == 0)
        std::fprintf(stderr, "answered %llu\n", static_cast<unsigned long long>(answered_));
      return;
    }
    const bool doubt = OutcomeOf(done.status()) == Outcome::kInDoubt;
    (doubt ? in_doubt_ : lost_)++;
    std::fprintf(stderr, "%s: %s\n", doubt ? "in doubt" : "lost",
                 std::string(done.status().message()).c_str());
  }

  Service& service_;
  Node& node_;
  Pool<WorkerClient> pool_;
  uint64_t left_ = 0, answered_ = 0;
  int at_it_ = 0, in_doubt_ = 0, lost_ = 0;
  std::map<std::string, uint64_t> answers_;
};

}  // namespace

absl::Status WorkerService(Service& service) {
  Worker worker(service.name());
  absl::StatusOr<std::unique_ptr<Port>> port = service.Serve();
  if (!port.ok()) return port.status();
  worker.RegisterOn(**port);
  std::fputs("works\n", stderr);
  return service.Run();
}

absl::Status BossService(Service& service) {
  auto pool = Pool<WorkerClient>::Open(service, "worker");
  if (!pool.ok()) return pool.status();
  const auto argument = [&service](size_t i, int64_t otherwise) {
    return service.args().size() > i ? std::atoll(service.args()[i].c_str()) : otherwise;
  };
  Boss boss(service, *std::move(pool));
  boss.Run(argument(0, 60'000), static_cast<uint64_t>(argument(1, INT64_MAX)));
  boss.Print();
  return absl::OkStatus();
}

}  // namespace jackfield
