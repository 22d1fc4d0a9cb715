// The semaphore service through its stubs: each rule on both sides, over media with and without
// credentials, and with a holder that is killed.
#include "services/semaphore/semaphore.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackfield/channel.h"
#include "jackfield/node.h"
#include "services/semaphore/hold.h"
#include "services/test_transports.h"

namespace jackfield::semaphore {
namespace {

struct Seen {
  std::string semaphore;
  uint32_t free = 0;
  std::string name;
  int pid = 0;
  bool holds = false;
};

class SemaphoreTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    node_ = Node::Create({.name = "test", .registry = &Transports()}).value();
    absl::StatusOr<std::unique_ptr<Port>> port =
        Port::Open(*node_, {GetParam()}, SemaphoreServer::OptionsForPort());
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *std::move(port);
    server_.RegisterOn(*port_);
    ASSERT_TRUE(port_->WaitServing().ok());
    channel_ = NewChannel();
  }
  std::unique_ptr<Channel> NewChannel() {
    std::unique_ptr<Channel> channel = Channel::Open(*node_, port_->addresses()[0]).value();
    EXPECT_TRUE(channel->WaitOpen().ok()) << channel->ended_why();
    return channel;
  }
  // Takes it in the background; the result is in the place that is returned.
  using Result = std::optional<absl::StatusOr<Hold>>;
  std::shared_ptr<Result> TakeLater(Channel& channel, std::string name) {
    auto result = std::make_shared<Result>();
    node_->Spawn([](Channel& on, std::string wanted, std::shared_ptr<Result> to) -> Task<void> {
      absl::StatusOr<Hold> hold = co_await Hold::TakeTask(on, wanted);
      to->emplace(std::move(hold));
    }(channel, std::move(name), result));
    return result;
  }
  bool Until(const std::function<bool()>& done) {
    return node_->RunUntil(done, node_->clock().NowNs() + 30'000'000'000);
  }
  std::vector<Seen> List(const std::string& name = "") {
    std::vector<Seen> seen;
    SemaphoresClient client(*channel_);
    auto stream = client.List([&](flatbuffers::FlatBufferBuilder& fbb) {
      return CreateListRequest(fbb, fbb.CreateString(name));
    });
    EXPECT_TRUE(stream.ok()) << stream.status();
    while (std::optional<MessageOf<Semaphore>> item = stream->Read().Wait()) {
      for (const Claimant* claimant : *(*item)->claimants()) {
        seen.push_back({(*item)->name()->str(), (*item)->free(), claimant->name()->str(),
                        claimant->pid(), claimant->holds()});
      }
    }
    EXPECT_TRUE(stream->Finish().Wait().ok());
    return seen;
  }
  uint32_t claims() const { return server_.permits().claims(); }

  std::unique_ptr<Node> node_;
  SemaphoreServer server_;
  std::unique_ptr<Port> port_;
  std::unique_ptr<Channel> channel_;
};

TEST_P(SemaphoreTest, AHoldIsListedUntilItIsGivenBack) {
  absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  EXPECT_TRUE(hold->holds());
  EXPECT_FALSE(hold->abandoned());
  const std::vector<Seen> seen = List();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].semaphore, "m");
  EXPECT_EQ(seen[0].free, 0u);
  EXPECT_EQ(seen[0].name, "test");
  EXPECT_TRUE(seen[0].holds);
  EXPECT_TRUE(seen[0].pid == 0 || seen[0].pid == getpid()) << seen[0].pid;
  EXPECT_TRUE(hold->GiveBack().ok());
  EXPECT_TRUE(List().empty());
  const absl::StatusOr<Hold> again = Hold::Take(*channel_, "m", {.wait_ms = 0});
  ASSERT_TRUE(again.ok()) << "what was given back is free at once: " << again.status();
  EXPECT_GT(again->fence(), hold->fence());
  EXPECT_FALSE(again->abandoned());
}

TEST_P(SemaphoreTest, WhoDoesNotWaitIsToldWhoHolds) {
  const absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  const std::unique_ptr<Channel> other = NewChannel();
  const absl::Status refused = Hold::Take(*other, "m", {.wait_ms = 0}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted) << refused;
  EXPECT_NE(refused.ToString().find("held by test"), std::string::npos) << refused;
  EXPECT_EQ(claims(), 1u);
}

TEST_P(SemaphoreTest, AWaitEndsAtItsTimeAndLeavesTheQueue) {
  const absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  const absl::Status late = Hold::Take(*channel_, "m", {.wait_ms = 30}).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_NE(late.ToString().find("not within 30 ms"), std::string::npos) << late;
  EXPECT_EQ(claims(), 1u);
}

TEST_P(SemaphoreTest, WhoWaitsIsServedInTheOrderOfArrival) {
  absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  std::vector<std::unique_ptr<Channel>> channels;
  std::vector<std::shared_ptr<Result>> waiting;
  for (uint32_t i = 0; i < 4; ++i) {
    channels.push_back(NewChannel());
    waiting.push_back(TakeLater(*channels.back(), "m"));
    ASSERT_TRUE(Until([&] { return claims() == i + 2; }));
  }
  EXPECT_EQ(List("m").size(), 5u);
  EXPECT_TRUE(List("other").empty());
  ASSERT_TRUE(hold->GiveBack().ok());
  for (size_t i = 0; i < waiting.size(); ++i) {
    ASSERT_TRUE(Until([&] { return waiting[i]->has_value(); })) << i;
    ASSERT_TRUE((*waiting[i])->ok()) << (*waiting[i])->status();
    for (size_t later = i + 1; later < waiting.size(); ++later)
      EXPECT_FALSE(waiting[later]->has_value()) << later;
    EXPECT_TRUE((**waiting[i])->GiveBack().ok());
  }
}

TEST_P(SemaphoreTest, ASemaphoreHasAsManyHoldersAsPermits) {
  std::vector<Hold> holds;
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<Hold> hold = Hold::Take(*channel_, "s", {.size = 3, .wait_ms = 0});
    ASSERT_TRUE(hold.ok()) << hold.status();
    holds.push_back(*std::move(hold));
  }
  EXPECT_FALSE(Hold::Take(*channel_, "s", {.size = 3, .wait_ms = 0}).ok());
  EXPECT_TRUE(holds.back().GiveBack().ok());
  EXPECT_TRUE(Hold::Take(*channel_, "s", {.size = 3, .wait_ms = 0}).ok());
  const absl::Status other = Hold::Take(*channel_, "s", {.size = 2}).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kFailedPrecondition) << other;
}

TEST_P(SemaphoreTest, AHoldThatIsDroppedIsGivenBackByItsWill) {
  { ASSERT_TRUE(Hold::Take(*channel_, "m").ok()); }
  const absl::StatusOr<Hold> next = Hold::Take(*channel_, "m");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(next->abandoned());
}

TEST_P(SemaphoreTest, AChannelThatClosesReleasesWhatWasHeldOverIt) {
  std::unique_ptr<Channel> other = NewChannel();
  std::optional<Hold> held = *Hold::Take(*other, "m");
  const std::shared_ptr<Result> next = TakeLater(*channel_, "m");
  ASSERT_TRUE(Until([&] { return claims() == 2; }));
  EXPECT_FALSE(next->has_value());
  other->Close(0s);
  ASSERT_TRUE(Until([&] { return next->has_value(); }));
  ASSERT_TRUE((*next)->ok()) << (*next)->status();
  EXPECT_TRUE((**next)->abandoned());
  EXPECT_FALSE(held->holds());
  EXPECT_FALSE(held->GiveBack().ok());
  held.reset();
}

TEST_P(SemaphoreTest, AHoldEndsAtItsTimeAndTheNextIsTold) {
  absl::StatusOr<Hold> brief = Hold::Take(*channel_, "m", {.hold_us = 500'000});
  ASSERT_TRUE(brief.ok()) << brief.status();
  const std::unique_ptr<Channel> other = NewChannel();
  const absl::StatusOr<Hold> next = Hold::Take(*other, "m");
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(next->abandoned());
  EXPECT_FALSE(brief->holds());
  EXPECT_FALSE(brief->GiveBack().ok());
}

TEST_P(SemaphoreTest, AHoldDoesNotStandInTheWayOfOtherCallsOfItsSession) {
  const absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  for (int i = 0; i < 2500; ++i) ASSERT_EQ(List().size(), 1u) << i;  // more than a window of frames
}

TEST_P(SemaphoreTest, ASecondWishInOneHoldIsRefusedAndEndsIt) {
  SemaphoresClient client(*channel_);
  auto stream = client.Hold();
  ASSERT_TRUE(stream.ok()) << stream.status();
  const auto wish = [](flatbuffers::FlatBufferBuilder& fbb) { return CreateWishDirect(fbb, "m"); };
  ASSERT_TRUE(stream->Write(wish).Wait().ok());
  ASSERT_TRUE(stream->Read().Wait().has_value());
  ASSERT_TRUE(stream->Write(wish).Wait().ok());
  EXPECT_FALSE(stream->Read().Wait().has_value());
  EXPECT_EQ(stream->Finish().Wait().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Until([&] { return claims() == 0; }));
}

TEST_P(SemaphoreTest, AStreamWithoutAWishIsRefused) {
  SemaphoresClient client(*channel_);
  auto stream = client.Hold();
  ASSERT_TRUE(stream.ok()) << stream.status();
  ASSERT_TRUE(stream->EndWrites().ok());
  EXPECT_EQ(stream->Finish().Wait().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(SemaphoreTest, AListLongerThanAnItemGoesOn) {
  const absl::StatusOr<Hold> hold = Hold::Take(*channel_, "m");
  std::vector<std::unique_ptr<Channel>> channels;
  for (int i = 0; i < 2; ++i) channels.push_back(NewChannel());
  std::vector<std::shared_ptr<Result>> waiting;
  for (int i = 0; i < 410; ++i)
    waiting.push_back(TakeLater(*channels[static_cast<size_t>(i % 2)], "m"));
  ASSERT_TRUE(Until([&] { return claims() == 411; }));
  EXPECT_EQ(List().size(), 411u);
  for (const auto& channel : channels) channel->Close(0s);
  ASSERT_TRUE(Until([&] { return claims() == 1; })) << "who waited and went is out of the queue";
}

INSTANTIATE_TEST_SUITE_P(Over, SemaphoreTest,
                         testing::Values("unix:", "mq:?depth=2", "sysv:", "shm:?size=256KiB",
                                         "inproc:", "udp://127.0.0.1:0"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

// ---- Death.

// Takes the mutex "m" in a process of its own, and says so; holds it until it is killed.
pid_t HoldInChild(const std::string& address) {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const std::unique_ptr<Node> node =
        Node::Create({.name = "holder", .registry = &Transports()}).value();
    const std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
    const absl::StatusOr<Hold> hold = Hold::Take(*channel, "m");
    if (!hold.ok() || write(ready[1], "x", 1) != 1) _exit(1);
    node->Run().IgnoreError();
  }
  close(ready[1]);
  char c;
  EXPECT_EQ(read(ready[0], &c, 1), 1);
  close(ready[0]);
  return pid;
}

class DeathTest : public testing::TestWithParam<std::string> {};

// The service is in a process of its own too: a child of this one, which asks it.
TEST_P(DeathTest, WhatAKilledProcessHeldGoesToTheNextWhoIsTold) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t service = fork();
  if (service == 0) {
    const std::unique_ptr<Node> node =
        Node::Create({.name = "semaphore", .registry = &Transports()}).value();
    SemaphoreServer server;
    const std::unique_ptr<Port> port =
        Port::Open(*node, {GetParam()}, SemaphoreServer::OptionsForPort()).value();
    server.RegisterOn(*port);
    if (!port->WaitServing().ok()) _exit(1);
    const std::string address = port->addresses()[0].ToString();
    if (write(told[1], address.data(), address.size()) < 0) _exit(1);
    node->Run().IgnoreError();
  }
  char text[256];
  const ssize_t bytes = read(told[0], text, sizeof text);
  ASSERT_GT(bytes, 0);
  const std::string address(text, static_cast<size_t>(bytes));
  for (int round = 0; round < 3; ++round) {
    const pid_t holder = HoldInChild(address);
    const std::unique_ptr<Node> node =
        Node::Create({.name = "next", .registry = &Transports()}).value();
    const std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
    const absl::Status refused = Hold::Take(*channel, "m", {.wait_ms = 0}).status();
    EXPECT_NE(refused.ToString().find("held by holder"), std::string::npos) << refused;
    std::optional<absl::StatusOr<Hold>> next;
    node->Spawn([](Channel& on, std::optional<absl::StatusOr<Hold>>& to) -> Task<void> {
      absl::StatusOr<Hold> hold = co_await Hold::TakeTask(on, "m");
      to.emplace(std::move(hold));
    }(*channel, next));
    for (int i = 0; i < 100; ++i) node->Turn(node->clock().NowNs() + 100'000);
    EXPECT_FALSE(next.has_value()) << "it is held";
    kill(holder, SIGKILL);
    waitpid(holder, nullptr, 0);
    node->RunUntil([&] { return next.has_value(); }, node->clock().NowNs() + 30'000'000'000);
    ASSERT_TRUE(next.has_value()) << round;
    ASSERT_TRUE(next->ok()) << next->status();
    EXPECT_TRUE((*next)->abandoned());
    EXPECT_TRUE((*next)->GiveBack().ok());
  }
  // And the other way round: who holds learns that the service died.
  const std::unique_ptr<Node> node =
      Node::Create({.name = "last", .registry = &Transports()}).value();
  const std::unique_ptr<Channel> channel = Channel::Open(*node, address).value();
  absl::StatusOr<Hold> hold = Hold::Take(*channel, "m");
  ASSERT_TRUE(hold.ok()) << hold.status();
  kill(service, SIGKILL);
  waitpid(service, nullptr, 0);
  node->RunUntil([&] { return !hold->holds(); }, node->clock().NowNs() + 30'000'000'000);
  EXPECT_FALSE(hold->holds());
  EXPECT_FALSE(hold->GiveBack().ok());
}

INSTANTIATE_TEST_SUITE_P(Over, DeathTest,
                         testing::Values("unix:", "mq:?depth=2", "sysv:", "shm:?size=256KiB",
                                         "udp://127.0.0.1:0"),
                         [](const auto& info) {
                           return info.param.substr(0, info.param.find(':'));
                         });

}  // namespace
}  // namespace jackfield::semaphore
