// After a warm-up a call allocates nothing, in any style: every operator new of 10,000 calls is
// counted. For each subject of the conformance suite that meets by an address; client and server
// share one node, so both sides are counted.
//
// Blocks of the node's pool are counted by themselves. The pool makes one when more is under way at
// once than ever before, and keeps it. Where messages queue, the moment of the most depends on time
// and may come after the warm-up; but it comes seldom: a call that took a block and did not give it
// back would make thousands.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <new>

#include "gtest/gtest.h"
#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/loop/block_pool.h"
#include "kernel/node.h"
#include "tests/conformance/subjects.h"
#include "tests/faults/reactor_case.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // they bring an operator new of their own
#else
constexpr bool kSanitized = false;
static std::atomic<uint64_t> g_allocations{0}, g_blocks{0};

// Only the pool asks in this way (kernel/loop/block_pool.cc), and only for these sizes.
static bool IsBlock(size_t bytes, std::align_val_t alignment) {
  const auto& sizes = jackfield::BlockPool::kSizes;
  return alignment == std::align_val_t{64} &&
         std::find(std::begin(sizes), std::end(sizes), bytes) != std::end(sizes);
}

void* operator new(size_t bytes) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  g_allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::aligned_alloc(static_cast<size_t>(alignment), (bytes + 63) & ~size_t{63}))
    return memory;
  std::abort();
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  (IsBlock(bytes, alignment) ? g_blocks : g_allocations).fetch_add(1, std::memory_order_relaxed);
  return std::aligned_alloc(static_cast<size_t>(alignment), (bytes + 63) & ~size_t{63});
}
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
#endif

namespace jackfield::conformance {
namespace {

constexpr int kWarmUp = 3000, kCalls = 10'000;
constexpr uint64_t kLateBlocksMax = 8;  // in so many calls
enum Method : uint32_t { kPlain = 1, kCoroutine, kNote };

class Allocations : public testing::TestWithParam<ReactorCase> {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer counts for itself";
    if (const std::string lacks = Lacks(GetParam().subject); !lacks.empty()) GTEST_SKIP() << lacks;
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &TestRegistry(), .wait = GetParam().wait});
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
    port_ = Port::Open(*node_, {std::string(GetParam().subject.serve)}).value();
    port_->Handle(kPlain,
                  [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    port_->HandleTask(kCoroutine, [](ServerCall& call) -> Task<absl::Status> {
      co_await call.node().Sleep(0s);
      co_return call.Reply(Bytes(call.payload()));
    });
    port_->Handle(kNote, [](ServerCall&) {});
    ASSERT_TRUE(port_->WaitServing().ok());
    channel_ = Channel::Open(*node_, port_->addresses()[0]).value();
    ASSERT_TRUE(channel_->WaitOpen().ok());
  }
  void TearDown() override {
    channel_.reset();
    port_.reset();
    node_.reset();
  }

  template <class F>
  uint64_t AllocationsOf([[maybe_unused]] F call) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    for (int i = 0; i < kWarmUp; ++i) call();
    const uint64_t before = g_allocations.load(), blocks_before = g_blocks.load();
    for (int i = 0; i < kCalls; ++i) call();
    EXPECT_LE(g_blocks.load() - blocks_before, kLateBlocksMax);
    return g_allocations.load() - before;
#endif
  }

  static uint64_t Count() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    return g_allocations.load();
#endif
  }

  std::unique_ptr<Node> node_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_P(Allocations, NoneInABlockingCall) {
  EXPECT_EQ(
      AllocationsOf([this] { EXPECT_TRUE(channel_->Call(kPlain, Bytes("hello")).Wait().ok()); }),
      0u);
}

TEST_P(Allocations, NoneInABlockingCallOfSeveralKilobytes) {
  const std::string payload(6000, 'x');
  EXPECT_EQ(AllocationsOf([&] { EXPECT_TRUE(channel_->Call(kPlain, Bytes(payload)).Wait().ok()); }),
            0u);
}

TEST_P(Allocations, NoneInACallbackCall) {
  EXPECT_EQ(AllocationsOf([this] {
              bool done = false;
              EXPECT_TRUE(channel_
                              ->CallAsync(kPlain, Bytes("hello"), {},
                                          [&done](Answer& reply) { done = reply.ok(); })
                              .ok());
              node_->RunUntil([&] { return done; });
            }),
            0u);
}

TEST_P(Allocations, NoneInAHandlerThatIsACoroutineAndWaits) {
  EXPECT_EQ(AllocationsOf(
                [this] { EXPECT_TRUE(channel_->Call(kCoroutine, Bytes("hello")).Wait().ok()); }),
            0u);
}

TEST_P(Allocations, NoneInAMessageThatIsRefusedForWantOfRoom) {
  Bytes note("hello");
  EXPECT_EQ(AllocationsOf([&] { channel_->TrySend(kNote, note).IgnoreError(); }), 0u);
  EXPECT_GT(channel_->ledger().refused, static_cast<uint64_t>(kCalls)) << "nearly all were";
}

TEST_P(Allocations, NoneInAFloodOfCoroutinesThatWaitForRoom) {
  constexpr int kFloods = 50;
  const auto flood = [](Node&, Channel& channel, int& live) -> Task<void> {
    for (int i = 0; i < 400; ++i) EXPECT_TRUE((co_await channel.Send(kNote, Bytes("hello"))).ok());
    --live;
  };
  const auto all = [&] {
    int live = kFloods;
    for (int i = 0; i < kFloods; ++i) node_->Spawn(flood(*node_, *channel_, live));
    node_->RunUntil([&] { return live == 0; });
  };
  all();
  all();
  const uint64_t before = Count();
  all();
  // To spawn is to allocate: once for each coroutine, and its place in the list.
  EXPECT_LE(Count() - before, 2u * kFloods);
}

TEST_P(Allocations, NoneInAOneWayMessage) {
  EXPECT_EQ(AllocationsOf([this] {
              EXPECT_TRUE(channel_->Send(kNote, Bytes("hello")).Wait().ok());
              while (channel_->ledger().queued() > 100) node_->Turn(Node::kDoNotSleep);
            }),
            0u);
}

TEST_P(Allocations, NoneInACallThatACoroutineMakes) {
  uint64_t counted = 1;
  bool done = false;
  node_->Spawn([](Node&, Channel& channel, uint64_t& counted, bool& done) -> Task<void> {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    for (int i = 0; i < kWarmUp; ++i) {
      const absl::StatusOr<Message> reply = co_await channel.Call(kPlain, Bytes("hello"));
      EXPECT_TRUE(reply.ok());
    }
    const uint64_t before = g_allocations.load(), blocks_before = g_blocks.load();
    for (int i = 0; i < kCalls; ++i) {
      const absl::StatusOr<Message> reply = co_await channel.Call(kPlain, Bytes("hello"));
      EXPECT_TRUE(reply.ok());
    }
    counted = g_allocations.load() - before;
    EXPECT_LE(g_blocks.load() - blocks_before, kLateBlocksMax);
#endif
    done = true;
    co_return;
  }(*node_, *channel_, counted, done));
  node_->RunUntil([&] { return done; });
  EXPECT_EQ(counted, 0u);
}

std::vector<ReactorCase> Params() {
  std::vector<ReactorCase> params;
  for (const Subject& subject : Subjects()) {
    // A shim that delays every frame would make this last for minutes; what it holds back it copies
    // anyway.
    if (subject.serve.find('+') != std::string_view::npos) continue;
    // A simulation's queue of events grows with what is under way; it carries nothing in
    // production.
    const absl::StatusOr<Address> address = TestRegistry().Parse(subject.serve);
    if (TestRegistry().Describe(*address, Role::kServe)->one_thread) continue;
    if (!MeetsByAddress(subject) || !Answers(subject)) continue;
    AddOverEachReactor(subject, params);
  }
  return params;
}

INSTANTIATE_TEST_SUITE_P(All, Allocations, testing::ValuesIn(Params()), NameOfCase);

}  // namespace
}  // namespace jackfield::conformance
