#include "kernel/node.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/loop/future.h"
#include "kernel/registry.h"

namespace jackfield {
namespace {

class NodeTest : public testing::TestWithParam<NodeOptions::Wait> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Node>> node =
        Node::Create({.registry = &registry_, .wait = GetParam()});
    if (!node.ok()) GTEST_SKIP() << node.status();
    node_ = *std::move(node);
  }
  Registry registry_;
  std::unique_ptr<Node> node_;
};

TEST_P(NodeTest, RunsWhatOtherThreadsPostEachInItsOrder) {
  constexpr int kThreads = 4, kPosts = 2000;
  std::vector<int> last(kThreads, -1);
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t, handle = node_->handle()] {
      for (int i = 0; i < kPosts; ++i) {
        EXPECT_TRUE(handle.Run([&, t, i] {
          EXPECT_EQ(last[static_cast<size_t>(t)], i - 1);
          last[static_cast<size_t>(t)] = i;
          ++count;
        }));
        if (i % 100 == 0) std::this_thread::yield();
      }
    });
  }
  node_->RunUntil([&] { return count == kThreads * kPosts; });
  for (std::thread& thread : threads) thread.join();
}

TEST_P(NodeTest, APostWakesASleepingNode) {
  bool ran = false;
  std::atomic<bool> asleep{false};
  std::thread poster([&, handle = node_->handle()] {
    while (!asleep.load()) std::this_thread::yield();
    handle.Run([&] { ran = true; });
  });
  asleep = true;
  node_->RunUntil([&] { return ran; });
  poster.join();
}

TEST_P(NodeTest, APostToANodeThatIsGoneIsRefused) {
  const MailboxHandle handle = node_->handle();
  node_.reset();
  EXPECT_FALSE(handle.Run([] { FAIL() << "it ran"; }));
}

TEST_P(NodeTest, WhatWasPostedBeforeTheEndIsRunOrDestroyed) {
  bool ran = false;
  ASSERT_TRUE(node_->handle().Run([&] { ran = true; }));
  node_.reset();
  EXPECT_TRUE(ran);
}

TEST_P(NodeTest, SpawnedTasksSleepAndEnd) {
  int ended = 0;
  for (int i = 0; i < 100; ++i) {
    node_->Spawn([](Node& node, int i, int& ended) -> Task<void> {
      co_await node.Sleep(i * 10us);
      ++ended;
    }(*node_, i, ended));
  }
  node_->RunUntil([&] { return ended == 100; });
  EXPECT_EQ(node_->blocks().bytes_in_use(), 0u) << "their frames are back in the pool";
}

TEST_P(NodeTest, ATaskThatStillWaitsIsDestroyedWithTheNode) {
  struct Guard {
    bool* gone;
    ~Guard() { *gone = true; }
  };
  bool gone = false;
  node_->Spawn([](Node& node, bool* gone) -> Task<void> {
    const Guard guard{gone};
    co_await node.Sleep(1h);
  }(*node_, &gone));
  for (int i = 0; i < 3; ++i) node_->Turn(Node::kDoNotSleep);
  EXPECT_FALSE(gone);
  node_.reset();
  EXPECT_TRUE(gone);
}

TEST_P(NodeTest, AFutureThatIsReadyNeedsNoTurn) {
  Promise<int> promise(*node_);
  Future<int> future = promise.future();
  EXPECT_FALSE(future.ready());
  promise.Set(7);
  EXPECT_EQ(future.Wait().value(), 7);
}

TEST_P(NodeTest, RunUntilReturnsAtItsDeadline) {
  EXPECT_FALSE(node_->RunUntil([] { return false; }, node_->clock().NowNs() + 2'000'000));
}

class BusyDriver final : public LinkDriver {
  void Pump(Link& link) override { link.NoteProgress(); }
  void Close(Link& link) override { link.Closed(absl::OkStatus()); }
};

TEST_P(NodeTest, ATurnDoesNotWaitForAnother) {
  bool ran = false, waited = true;
  node_->Defer([&] {
    waited = node_->RunUntil([] { return false; });
    ran = true;
  });
  node_->RunUntil([&] { return ran; });
  EXPECT_FALSE(waited);
}

TEST_P(NodeTest, CoroutinesThatAreAlwaysReadyStarveNobody) {
  struct Again {
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      suspended.Suspend(node, waiting);
      suspended.Resume(node);
    }
    void await_resume() {}
    Node& node;
    Suspended suspended = {};
  };
  bool slept = false;
  node_->Spawn([](Node& node) -> Task<void> {
    for (;;) co_await Again{node};
  }(*node_));
  node_->Spawn([](Node& node, bool& slept) -> Task<void> {
    co_await node.Sleep(1ms);
    slept = true;
  }(*node_, slept));
  node_->RunUntil([&] { return slept; });
  EXPECT_TRUE(slept);
}

TEST_P(NodeTest, ALinkThatIsAlwaysBusyDoesNotKeepOthersFromTheReactor) {
  Link& busy = Link::Add(*node_, std::make_unique<BusyDriver>(), {}, nullptr);
  const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  ASSERT_GE(fd, 0);
  bool done = false;
  Op op([](Op& op, int32_t) { *static_cast<bool*>(op.user) = true; }, &done);
  node_->reactor().Start(op, fd, POLLIN);
  for (int i = 0; i < 1000 && !done; ++i) EXPECT_TRUE(node_->Turn(Node::kDoNotSleep));
  EXPECT_TRUE(done);
  node_->Remove(busy);
  close(fd);
}

INSTANTIATE_TEST_SUITE_P(Both, NodeTest,
                         testing::Values(NodeOptions::Wait::kUring, NodeOptions::Wait::kEpoll));

TEST(NodeReactor, EpollTakesOverWhereTheEnvironmentAsksForIt) {
  setenv("JACKFIELD_REACTOR", "epoll", 1);
  Registry registry;
  const absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.registry = &registry});
  unsetenv("JACKFIELD_REACTOR");
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ((*node)->reactor().name(), "epoll");
}

TEST(NodeCreate, NeedsARegistry) {
  EXPECT_EQ(Node::Create({}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace jackfield
