// The seeded medium: what it refuses, what its faults look like from both ends, and calls over it
// on the real clock.
#include "transports/sim/sim.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "kernel/call/channel.h"
#include "kernel/call/port.h"
#include "kernel/registry.h"
#include "transports/sim/sim_world.h"

namespace jackfield {
namespace {

constexpr uint32_t kEcho = 1;

struct Pair {
  explicit Pair(const std::string& params = "") : world(7), params(params) {
    registry.Add(world.MakeTransport());
    server = &world.AddNode("server", registry);
    client = &world.AddNode("client", registry);
    port = *Port::Open(*server, {"sim:s" + params});
    port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
    channel = *Channel::Open(*client, "sim:s" + params, {.reconnect = false});
  }
  // Calls once and steps the world until the call has ended.
  absl::Status Call(int64_t timeout_us = 1'000'000) {
    absl::Status ended = absl::UnknownError("it never ended");
    bool done = false;
    absl::Status status =
        channel->CallAsync(kEcho, Bytes("hello"),
                           {.timeout = std::chrono::microseconds(timeout_us)}, [&](Answer& reply) {
                             ended = reply.status();
                             done = true;
                           });
    if (!status.ok()) return status;
    world.RunUntil([&] { return done; });
    return ended;
  }

  SimWorld world;
  std::string params;
  Registry registry;
  Node* server;
  Node* client;
  std::unique_ptr<Port> port;
  std::unique_ptr<Channel> channel;
};

TEST(Sim, CarriesACallAndTakesItsDelayOnTheVirtualClock) {
  Pair pair("?delay=3ms");
  ASSERT_TRUE(pair.Call().ok());
  const int64_t before_ns = pair.world.now_ns();
  ASSERT_TRUE(pair.Call().ok());
  EXPECT_EQ(pair.world.now_ns() - before_ns, 6'000'000);  // there and back
}

TEST(Sim, TracesTheSameForTheSameSeed) {
  Pair one, other;
  EXPECT_TRUE(one.Call().ok());
  EXPECT_TRUE(other.Call().ok());
  EXPECT_EQ(one.world.medium().trace_hash(), other.world.medium().trace_hash());
  EXPECT_TRUE(other.Call().ok());
  EXPECT_NE(one.world.medium().trace_hash(), other.world.medium().trace_hash());
}

TEST(Sim, ACutConnectionEndsItsSessionOnBothSides) {
  Pair pair;
  ASSERT_TRUE(pair.Call().ok());
  ASSERT_EQ(pair.world.medium().connections(), 1u);
  EXPECT_TRUE(pair.world.medium().Joins(0, *pair.server, *pair.client));
  pair.world.medium().Cut(0, SimMedium::InFlight::kIsLost);
  pair.world.Settle();
  EXPECT_EQ(ReasonOf(pair.channel->ended_why()), Reason::kPeerDied);
  EXPECT_EQ(pair.port->clients(), 0u);
}

TEST(Sim, AStalledConnectionDeliversAfterwards) {
  Pair pair;
  ASSERT_TRUE(pair.Call().ok());
  const int64_t until_ns = pair.world.now_ns() + 20'000'000;
  pair.world.medium().Stall(0, until_ns);
  EXPECT_TRUE(pair.Call().ok());
  EXPECT_GE(pair.world.now_ns(), until_ns);
}

TEST(Sim, AStallLongerThanTheDeadlineLeavesTheCallInDoubt) {
  Pair pair;
  ASSERT_TRUE(pair.Call().ok());
  pair.world.medium().Stall(0, pair.world.now_ns() + 20'000'000);
  EXPECT_EQ(OutcomeOf(pair.Call(5'000)), Outcome::kInDoubt);
}

TEST(Sim, APausedNodeAnswersAfterItsPause) {
  Pair pair;
  ASSERT_TRUE(pair.Call().ok());
  const int64_t until_ns = pair.world.now_ns() + 20'000'000;
  pair.world.Pause(*pair.server, until_ns);
  EXPECT_TRUE(pair.Call().ok());
  EXPECT_GE(pair.world.now_ns(), until_ns);
}

TEST(Sim, APartitionKeepsNewConnectionsOutUntilItIsOver) {
  Pair pair;
  ASSERT_TRUE(pair.Call().ok());
  pair.channel.reset();
  const int64_t until_ns = pair.world.now_ns() + 20'000'000;
  pair.world.medium().Partition(*pair.client, *pair.server, until_ns);
  pair.channel = *Channel::Open(*pair.client, "sim:s");
  EXPECT_TRUE(pair.Call().ok());
  EXPECT_GE(pair.world.now_ns(), until_ns);
}

TEST(Sim, CarriesManyFramesThroughAQueueOfOne) {
  Pair pair("?depth=1");
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        pair.channel
            ->CallAsync(kEcho, Bytes("x"), {}, [&](Answer& reply) { answers += reply.ok(); })
            .ok());
  }
  EXPECT_TRUE(pair.world.RunUntil([&] { return answers == 100; }));
}

TEST(Sim, RefusesWhatItCannotRead) {
  SimMedium medium(1);
  Registry registry;
  registry.Add(MakeSimTransport(medium));
  for (const char* bad : {"sim:s?depth=0", "sim:s?depth=1025", "sim:s?delay=5ms..1ms",
                          "sim:s?seed=x", "sim:s?dealy=1ms", "sim:"}) {
    EXPECT_EQ(registry.Describe(*registry.Parse(bad), Role::kConnect).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(Sim, RefusesASecondPortAtOneName) {
  Pair pair;
  pair.world.Settle();
  absl::StatusOr<std::unique_ptr<Port>> second = Port::Open(*pair.client, {"sim:s"});
  if (second.ok()) {
    pair.world.Settle();
    EXPECT_FALSE((*second)->serving());
  }
}

// The transport that programs have: no world, the real clock, one thread.
TEST(Sim, CarriesCallsOnTheRealClockInOneThreadAndRefusesAnother) {
  Registry registry;
  registry.Add(MakeSimTransport());
  auto node = *Node::Create({.name = "both", .registry = &registry});
  auto port = *Port::Open(*node, {"sim:"});
  ASSERT_TRUE(port->WaitServing().ok());
  port->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes(call.payload())).IgnoreError(); });
  const std::string address = port->addresses()[0].ToString();
  auto channel = *Channel::Open(*node, address);
  absl::StatusOr<Message> reply = channel->Call(kEcho, Bytes("Ada")).Wait();
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->text(), "Ada");

  absl::Status elsewhere;
  std::thread([&] {
    auto other = *Node::Create({.name = "other", .registry = &registry});
    auto refused = *Channel::Open(*other, address, {.connect_timeout = 1ms});
    elsewhere = refused->WaitOpen();
  }).join();
  EXPECT_FALSE(elsewhere.ok());
  EXPECT_NE(std::string(elsewhere.message()).find("inproc:"), std::string::npos) << elsewhere;
}

}  // namespace
}  // namespace jackfield
