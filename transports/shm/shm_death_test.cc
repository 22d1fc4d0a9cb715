// What one end sees when the other dies, stops, or is of another user. The other end is a child
// process, killed by SIGKILL.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/shm/shm_server.h"
#include "transports/shm/shm_test_world.h"

namespace jackfield {
namespace {

// A name nobody else has, for an end that must be known before the other exists.
std::string UniqueAddress() {
  static int count = 0;
  return Text("shm:death-", getpid(), "-", ++count);
}

void ServeForEver(const std::string& address) {
  ShmWorld world(address);
  world.node().Run().IgnoreError();
}

TEST(ShmDeathTest, WhatAProducerCommittedBeforeItWasKilledIsDelivered) {
  constexpr int kMessages = 500;
  ShmWorld world;
  const std::string address = world.address();
  const int sent = eventfd(0, 0);
  Child child([&] {
    const std::unique_ptr<Node> node = ShmNode();
    const auto channel = Channel::Open(*node, address).value();
    for (int i = 0; i < kMessages; ++i)
      channel->Send(kNote, Bytes(Text("note ", i))).Wait().IgnoreError();
    node->Turn(Node::kDoNotSleep);
    eventfd_write(sent, 1);
    pause();
  });
  // The server meets it, and then looks away until it is dead.
  ASSERT_TRUE(world.Drive([&] { return world.port().clients() == 1; }));
  ASSERT_TRUE(world.Drive([&] { return world.notes().size() > 0; }));
  eventfd_t value = 0;
  eventfd_read(sent, &value);
  close(sent);
  child.Kill();
  ASSERT_TRUE(world.Drive([&] { return world.port().clients() == 0; }));
  ASSERT_EQ(world.notes().size(), static_cast<size_t>(kMessages));
  for (int i = 0; i < kMessages; ++i)
    EXPECT_EQ(world.notes()[static_cast<size_t>(i)], Text("note ", i));
}

TEST(ShmDeathTest, CallsInFlightEndSoonWhenTheServerIsKilledAndAnotherServesThereAtOnce) {
  const std::string address = UniqueAddress();
  auto child = std::make_unique<Child>([&] { ServeForEver(address); });
  const std::unique_ptr<Node> node = ShmNode();
  auto channel = Channel::Open(*node, address).value();
  EXPECT_EQ(Echoed(*channel, "first"), "first");
  child->Stop();
  int ended = 0;
  for (int i = 0; i < 10; ++i) {
    CallOptions options;
    options.timeout = 10min;
    const absl::Status started =
        channel->CallAsync(kEcho, Bytes("second"), options, [&](Answer& reply) {
          ++ended;
          EXPECT_EQ(OutcomeOf(reply.status()), Outcome::kInDoubt) << reply.status();
        });
    ASSERT_TRUE(started.ok()) << started;
  }
  node->Turn(Node::kDoNotSleep);
  child->Kill();
  EXPECT_TRUE(node->RunUntil([&] { return ended == 10; }, node->clock().NowNs() + kWatchdogNs));
  child = std::make_unique<Child>([&] { ServeForEver(address); });
  channel = Channel::Open(*node, address).value();
  EXPECT_EQ(Echoed(*channel, "third"), "third");
}

TEST(ShmDeathTest, AStoppedServerIsSlowAndNotDead) {
  const std::string address = UniqueAddress();
  const Child child([&] { ServeForEver(address); });
  const std::unique_ptr<Node> node = ShmNode();
  const auto channel = Channel::Open(*node, address).value();
  EXPECT_EQ(Echoed(*channel, "first"), "first");
  child.Stop();
  CallOptions options;
  options.timeout = 50ms;
  const absl::Status status = channel->Call(kEcho, Bytes("second"), options).Wait().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  EXPECT_TRUE(channel->ended_why().ok()) << channel->ended_why();
  child.Continue();
  EXPECT_EQ(Echoed(*channel, "third"), "third");
}

TEST(ShmDeathTest, AStoppedClientIsNotDeadStallsNobodyElseAndGoesOnWhereItWas) {
  ShmWorld world;
  const std::string address = world.address();
  Child child([&] {
    const std::unique_ptr<Node> node = ShmNode();
    const auto channel = Channel::Open(*node, address).value();
    for (int i = 0;; ++i) channel->Send(kNote, Bytes(Text("note ", i))).Wait().IgnoreError();
  });
  ASSERT_TRUE(world.Drive([&] { return world.notes().size() > 100; }));
  child.Stop();
  const auto bystander = world.Connect();
  ASSERT_TRUE(bystander.ok()) << bystander.status();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Echoed(**bystander, "well"), "well");
  EXPECT_EQ(world.port().clients(), 2u);
  const size_t before = world.notes().size();
  child.Continue();
  // More than a lane can have held.
  EXPECT_TRUE(world.Drive([&] { return world.notes().size() > before + 100'000; }));
  child.Kill();
  EXPECT_TRUE(world.Drive([&] { return world.port().clients() == 1; }));
  for (size_t i = 0; i < world.notes().size(); ++i) ASSERT_EQ(world.notes()[i], Text("note ", i));
}

TEST(ShmDeathTest, AfterKillsOfBothNothingIsLeftBehind) {
  const std::string own = Text("death-", getpid(), "-");
  const std::string before = Leftovers(own);
  for (int round = 0; round < 10; ++round) {
    const std::string address = UniqueAddress();
    Child server([&] { ServeForEver(address); });
    Child client([&] {
      const std::unique_ptr<Node> node = ShmNode();
      const auto channel = Channel::Open(*node, address).value();
      while (Echoed(*channel, "again") == "again") continue;
    });
    {
      const std::unique_ptr<Node> node = ShmNode();
      const auto channel = Channel::Open(*node, address).value();
      for (int i = 0; i < 20; ++i) EXPECT_EQ(Echoed(*channel, "hello"), "hello");
    }
    if (round % 2 == 0) {
      client.Kill();
      server.Kill();
    } else {
      server.Kill();
      client.Kill();
    }
  }
  EXPECT_EQ(Leftovers(own), before);
}

class ShmOtherUserTest : public testing::Test {
 protected:
  static constexpr uid_t kOther = 54'321;
  void SetUp() override {
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) BecomeOther(), _exit(0);
    waitpid(pid, &status, 0);
    if (status != 0) GTEST_SKIP() << "this process may not become another user";
  }
  static void BecomeOther() {
    if (setgid(kOther) != 0 || setuid(kOther) != 0) _exit(1);
  }
};

TEST_F(ShmOtherUserTest, IsRefusedUnlessTheServerSaysOtherwise) {
  ShmWorld world;
  const std::string address = world.address();
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  Child child([&] {
    BecomeOther();
    const std::unique_ptr<Node> node = ShmNode();
    ChannelOptions options;
    options.connect_timeout = 3s;
    // Root may be trusted to be who it is, so the client itself has no objection.
    const auto channel = Channel::Open(*node, address, options).value();
    const std::string text(channel->WaitOpen().message());
    if (write(answer[1], text.data(), text.size()) < 0) _exit(1);
  });
  close(answer[1]);
  char text[1000] = {};
  ssize_t got = 0;
  EXPECT_TRUE(world.Drive([&] {
    pollfd readable{answer[0], POLLIN, 0};
    return poll(&readable, 1, 0) == 1;
  }));
  got = read(answer[0], text, sizeof text - 1);
  close(answer[0]);
  EXPECT_GT(got, 0);
  EXPECT_NE(std::string(text).find("?uid=any"), std::string::npos) << text;
  EXPECT_EQ(world.port().clients(), 0u);
}

TEST_F(ShmOtherUserTest, ThatConnectsAndSaysNothingTakesNoPlaceFromOthers) {
  ShmWorld world("shm:?uid=any");
  const std::string address = world.address();
  int answer[2];
  ASSERT_EQ(pipe(answer), 0);
  Child child([&] {
    BecomeOther();
    std::vector<std::unique_ptr<PlainClient>> silent;
    while (silent.size() <= ShmServer::kForeignHandshakesMax)
      silent.push_back(std::make_unique<PlainClient>(address));
    ShmWelcome welcome;
    if (recv(silent.back()->socket_fd, &welcome, sizeof welcome, MSG_WAITALL) != sizeof welcome)
      _exit(1);
    const std::string text(StatusOf(welcome).message());
    if (write(answer[1], text.data(), text.size()) < 0) _exit(1);
    pause();
  });
  close(answer[1]);
  EXPECT_TRUE(world.Drive([&] {
    pollfd readable{answer[0], POLLIN, 0};
    return poll(&readable, 1, 0) == 1;
  }));
  char text[1000] = {};
  EXPECT_GT(read(answer[0], text, sizeof text - 1), 0);
  close(answer[0]);
  EXPECT_NE(std::string(text).find("are being let in"), std::string::npos) << text;
  const auto channel = world.Connect();
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(Echoed(**channel, "well"), "well");
}

// Every frame is copied before it is looked at; of all sizes, both ways.
TEST_F(ShmOtherUserTest, IsServedWithCopiesWhereTheServerSaysSo) {
  ShmWorld world("shm:?uid=any");
  const std::string address = world.address();
  Child child([&] {
    BecomeOther();
    const std::unique_ptr<Node> node = ShmNode();
    const auto channel = Channel::Open(*node, address).value();
    for (const size_t bytes : {0, 1, 100, 5'000, 70'000, 1'000'000}) {
      const std::string text(bytes, static_cast<char>('a' + bytes % 26));
      for (int i = 0; i < 20; ++i) {
        if (Echoed(*channel, text) != text)
          channel->Send(kNote, Bytes("wrong echo")).Wait().IgnoreError();
      }
    }
    for (int i = 0; i < 2000; ++i)
      channel->Send(kNote, Bytes(Text("note ", i))).Wait().IgnoreError();
    channel->Close(10s);
  });
  ASSERT_TRUE(world.Drive([&] { return world.notes().size() == 2000; }));
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(world.notes()[static_cast<size_t>(i)], Text("note ", i));
}

}  // namespace
}  // namespace jackfield
