// To choose a server, and to call it, allocates nothing: operator new is counted, at the client and
// at the servers, which share this program's one node.
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "jackfield/node.h"
#include "jackfield/pool.h"
#include "jackfield/transports.h"
#include "kernel/base/text.h"
#include "services/pool/worker_service.h"

namespace {
std::atomic<int> allocations{0};  // by any thread; read between calls
}

[[gnu::noinline]] void* operator new(size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace jackfield::pool {
namespace {

constexpr auto kWork = [](auto& fbb) { return CreateWork(fbb, 7); };

class Worker final : public WorkerService {
 public:
  Handling Do(CallOf<Work, Done> call) override {
    return call.Reply([](auto& fbb) { return CreateDoneDirect(fbb, "worker"); });
  }
  Handling Once(CallOf<Work, Done>) override { return absl::UnimplementedError(""); }
  Handling Note(OneWayOf<Work>) override { return absl::OkStatus(); }
};

class AllocationsTest : public testing::Test {
 protected:
  AllocationsTest() {
    AddBuiltinTransports(registry_);
    node_ = Node::Create({.name = "boss", .registry = &registry_}).value();
    std::vector<Service::Server> servers;
    for (int i = 1; i <= 3; ++i) {
      ports_.push_back(Port::Open(*node_, {"unix:"}).value());
      worker_.RegisterOn(*ports_.back());
      EXPECT_TRUE(ports_.back()->WaitServing().ok());
      servers.push_back(
          {Text("worker.", i), Channel::Open(*node_, ports_.back()->addresses()[0]).value()});
      EXPECT_TRUE(servers.back().channel->WaitOpen().ok());
    }
    pool_.emplace(Pool<WorkerClient>::Make(std::move(servers)).value());
  }

  Task<void> CallOften([[maybe_unused]] Node& node, int times) {
    for (int i = 0; i < times; ++i) wrong_ += (co_await pool_->One().Do(kWork)).ok() ? 0 : 1;
  }
  // Of 1,000 calls, after the first 200.
  Task<void> Count(Node& node) {
    co_await CallOften(node, 200);
    const int before = allocations.load();
    co_await CallOften(node, 1000);
    counted_ = allocations.load() - before;
  }

  Registry registry_;
  Worker worker_;
  std::unique_ptr<Node> node_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::optional<Pool<WorkerClient>> pool_;
  int wrong_ = 0, counted_ = -1;
};

TEST_F(AllocationsTest, ToChooseAllocatesNothing) {
  const auto choose = [this] {
    const WorkerClient one = pool_->One(), its = pool_->For("Ada"), other = pool_->For(7);
    static_cast<void>(one);
    static_cast<void>(its);
    static_cast<void>(other);
  };
  // The first client on a channel says there what it calls.
  for (size_t i = 0; i < pool_->size(); ++i) static_cast<void>(pool_->At(i));
  choose();
  const int before = allocations.load();
  for (int i = 0; i < 1000; ++i) choose();
  EXPECT_EQ(allocations.load() - before, 0);
}

TEST_F(AllocationsTest, AnAwaitedIdempotentCallOfOneAllocatesNothing) {
  node_->Spawn(Count(*node_));
  node_->RunUntil([this] { return counted_ >= 0; });
  EXPECT_EQ(wrong_, 0);
  EXPECT_EQ(counted_, 0);
}

}  // namespace
}  // namespace jackfield::pool
