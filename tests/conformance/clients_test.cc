// A service and its clients: what it does when one dies in the middle of its calls, and how it
// closes. The service is the second one, on the test's node; its client is where the world's
// service is.
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tests/conformance/second_service.h"

namespace jackfield::conformance {
namespace {

constexpr int kCalls = 5;

std::string To(const std::string& address, uint32_t type, std::string payload = "") {
  Onward onward;
  onward.address = address;
  onward.type = type;
  onward.payload = std::move(payload);
  return onward.ToText();
}

// `count` calls that the world's service makes to `second`; counts the answers "1000".
void CallThrough(World& world, SecondService& second, uint32_t type, int count, int& answered,
                 int& ended) {
  for (int i = 0; i < count; ++i) {
    const absl::Status started =
        world.channel().CallAsync(kRelay, Bytes(To(second.address(), type, "1000")), Long(),
                                  [&answered, &ended](Answer& reply) {
                                    ++ended;
                                    if (reply.ok() && reply->text() == "1000") ++answered;
                                  });
    EXPECT_TRUE(started.ok()) << started;
  }
}

TEST_P(Conformance, AClientThatDiesIsForgottenAndItsHandlersAreCancelled) {
  if (GetParam().place != Place::kTwoProcesses || !ClaimsPeerLoss() || OneClientOnly())
    GTEST_SKIP() << "a client that dies needs a process, and a medium that notices";
  std::vector<std::string> gone;  // the port tells of every client, to its own end
  absl::Status why;
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  second.port().OnClientGone([&](const std::string& name, const absl::Status& status) {
    gone.push_back(name);
    why = status;
  });
  int answered = 0, ended = 0;
  CallThrough(world, second, kWaitForCancel, kCalls, answered, ended);
  ASSERT_TRUE(world.Drive([&] { return second.port().calls_under_way() == kCalls; }));
  EXPECT_EQ(second.port().clients(), 2u);
  world.KillServer();
  ASSERT_TRUE(world.Drive([&] {
    return second.port().clients() == 1 && second.port().calls_under_way() == 0 && ended == kCalls;
  })) << second.port().clients()
      << " clients, " << second.port().calls_under_way() << " calls";
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(gone, std::vector<std::string>{"server"});
  EXPECT_EQ(ReasonOf(why), Reason::kPeerDied) << why;
  EXPECT_EQ(second.Call(kCancels, "").value_or("?"), Text(kCalls));
  const Ledger ledger = second.port().ledger();
  EXPECT_EQ(ledger.sent, ledger.queued() + ledger.delivered + ledger.failed + ledger.in_doubt);
  EXPECT_GE(ledger.received, static_cast<uint64_t>(kCalls));
  EXPECT_LE(ledger.handled, ledger.received);
  // And the seat is free for the next.
  EXPECT_EQ(second.Call(kEcho, "well").value_or("?"), "well");
}

TEST_P(Conformance, ADeadClientsWaitingRequestsAreDroppedAndItsSeatIsFree) {
  if (GetParam().place != Place::kTwoProcesses || !ClaimsPeerLoss() || OneClientOnly())
    GTEST_SKIP() << "a client that dies needs a process, and a medium that notices";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world, {.handlers_max = 2, .sessions_max = 2});
  ASSERT_TRUE(second.ok());
  int answered = 0, ended = 0;
  CallThrough(world, second, kWaitForCancel, kCalls, answered, ended);
  ASSERT_TRUE(world.Drive([&] { return second.port().waiting() == kCalls - 2; }));
  world.KillServer();
  ASSERT_TRUE(world.Drive([&] {
    return second.port().calls_under_way() + second.port().waiting() == 0 &&
           second.port().clients() == 1;
  }));
  EXPECT_EQ(second.Call(kCancels, "").value_or("?"), "2") << "those that waited never ran";
  absl::StatusOr<std::unique_ptr<Channel>> next = Channel::Open(world.node(), second.address());
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_TRUE(world.Drive([&] { return (*next)->open() || !(*next)->ended_why().ok(); }));
  EXPECT_TRUE((*next)->open()) << (*next)->ended_why();
}

TEST_P(Conformance, APortThatClosesLetsCallsEndAndGivesAReceiptForEachClient) {
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  if (GetParam().place == Place::kTwoNodesInTurn)
    GTEST_SKIP() << "nobody drives the other node while Close blocks";
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  // On one node a service that calls itself is refused: there, both clients are the test's.
  std::unique_ptr<Channel> other;
  int answered = 0, ended = 0;
  if (GetParam().place == Place::kOneNode) {
    other = Channel::Open(world.node(), second.address(), {.reconnect = false}).value();
    ASSERT_TRUE(world.Drive([&] { return other->open(); }));
  }
  for (Channel* channel : {&second.root(), other.get()}) {
    if (channel == nullptr) {
      CallThrough(world, second, kLinger, kCalls, answered, ended);
      continue;
    }
    for (int i = 0; i < kCalls; ++i) {
      ASSERT_TRUE(channel
                      ->CallAsync(kLinger, Bytes("1000"), Long(),
                                  [&](Answer& reply) {
                                    ++ended;
                                    if (reply.ok() && reply->text() == "1000") ++answered;
                                  })
                      .ok());
    }
  }
  ASSERT_TRUE(world.Drive([&] { return second.port().ledger().received >= 2 * kCalls; }));
  const std::vector<Receipt> receipts = second.port().Close(30s);
  ASSERT_EQ(receipts.size(), 2u);
  for (const Receipt& receipt : receipts) {
    EXPECT_EQ(receipt.handled, static_cast<uint64_t>(kCalls)) << "each answer was taken";
    EXPECT_EQ(receipt.delivered + receipt.undelivered + receipt.in_doubt, 0u);
  }
  EXPECT_EQ(second.port().calls_under_way(), 0u);
  ASSERT_TRUE(world.Drive([&] { return ended == 2 * kCalls; }));
  EXPECT_EQ(answered, 2 * kCalls) << "the calls under way ended with their answers";
  const absl::Status after = second.Call(kEcho, "too late").status();
  EXPECT_FALSE(after.ok());
  EXPECT_NE(OutcomeOf(after), Outcome::kInDoubt) << after << ": nothing was sent";
}

TEST_P(Conformance, APortThatClosesReturnsByItsDeadlineThoughAHandlerHangs) {
  World world(GetParam());
  ASSERT_TRUE(world.ok());
  if (OneClientOnly()) GTEST_SKIP() << "one client only: nobody can call back";
  SecondService second(world);
  ASSERT_TRUE(second.ok());
  absl::Status status;
  ASSERT_TRUE(second.root()
                  .CallAsync(kWaitForCancel, Bytes(""), Long(),
                             [&status](Answer& reply) { status = reply.status(); })
                  .ok());
  ASSERT_TRUE(world.Drive([&] { return second.port().calls_under_way() == 1; }));
  const std::vector<Receipt> receipts = second.port().Close(20ms);
  ASSERT_EQ(receipts.size(), 1u);
  ASSERT_TRUE(world.Drive([&] { return !status.ok(); }));
  EXPECT_EQ(OutcomeOf(status), Outcome::kInDoubt) << status;
}

}  // namespace
}  // namespace jackfield::conformance
