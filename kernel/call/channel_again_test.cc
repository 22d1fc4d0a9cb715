// A channel outlives its service: what has left is in doubt, what has not goes to the next
// instance.
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class AgainTest : public ChannelWorld {
 protected:
  // Without a word: what was on its way is gone with it.
  void Kill() {
    port_.reset();
    Turns();
  }
  void CheckSums() {
    const Ledger ledger = channel_->ledger();
    EXPECT_EQ(ledger.sent, ledger.delivered + ledger.failed + ledger.in_doubt + ledger.queued());
    const Receipt receipt = channel_->Close(0s);
    EXPECT_EQ(receipt.handled + receipt.delivered + receipt.in_doubt + receipt.undelivered,
              ledger.sent);
  }
  ~AgainTest() override { channel_.reset(), port_.reset(), node_.reset(); }
};

TEST_F(AgainTest, TheNextInstanceIsFoundAndCallsGoToIt) {
  Begin();
  Kill();
  EXPECT_FALSE(channel_->open());
  EXPECT_TRUE(channel_->ended_why().ok());
  EXPECT_THAT(channel_->Describe(), HasSubstr("connecting again"));
  Pass(3'000'000'000);
  EXPECT_TRUE(channel_->ended_why().ok()) << "however long it takes";
  Serve();
  Pass(2'000'000'000);
  EXPECT_TRUE(channel_->open());
  Result echo;
  ASSERT_TRUE(Start(kEcho, "again", echo).ok());
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(echo->value_or("?"), "again");
}

TEST_F(AgainTest, WhoWaitsFindsItWithin100Milliseconds) {
  for (const int64_t away_ns :
       {int64_t{0}, int64_t{3'000'000}, int64_t{200'000'000}, 5'000'000'000, 60'000'000'000}) {
    Begin();
    Kill();
    Pass(away_ns);
    Result echo;
    Await(kEcho, "soon", echo, {.timeout = 10s});
    Pass(30'000'000);
    Serve();
    Pass(100'000'000);
    ASSERT_TRUE(echo.has_value()) << away_ns;
    EXPECT_EQ(echo->value_or("?"), "soon");
    channel_.reset(), port_.reset();
    Turns();
  }
}

TEST_F(AgainTest, WhatHasLeftIsInDoubtAndIsNotSentTwice) {
  Begin();
  Result held;
  ASSERT_TRUE(Start(kLeave, "it runs", held).ok());
  Turns();
  Kill();
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(OutcomeOf(held->status()), Outcome::kInDoubt) << held->status();
  EXPECT_EQ(ReasonOf(held->status()), Reason::kPeerDied);
  Serve();
  Pass(1'000'000'000);
  EXPECT_EQ(port_->calls_under_way(), 0u);
  CheckSums();
}

// In the link's queue, in the outbox, and with those who wait.
TEST_F(AgainTest, WhatHasNotLeftGoesToTheNextInstanceInOrder) {
  Begin({.calls_max = 8});
  std::vector<std::string> order;
  wire_.blocked = true;
  for (int i = 0; i < 8; ++i) {
    const std::string digit = std::to_string(i);
    Bytes text(digit);
    ASSERT_TRUE(channel_
                    ->CallAsync(kEcho, text, {.timeout = 30s},
                                [&order](Answer& m) {
                                  order.push_back(m.ok() ? std::string(m->text())
                                                         : std::string(m.status().message()));
                                })
                    .ok());
  }
  Result awaited;
  Await(kEcho, "8", awaited, {.timeout = 30s});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(TryNote());
  Turns();
  EXPECT_TRUE(order.empty());
  Kill();
  EXPECT_TRUE(order.empty()) << "none of them ran: " << order[0];
  EXPECT_EQ(channel_->calls_under_way(), 8u);
  wire_.blocked = false;
  Serve();
  Pass(1'000'000'000);
  EXPECT_THAT(order, ElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  ASSERT_TRUE(awaited.has_value());
  EXPECT_EQ(awaited->value_or("?"), "8");
  EXPECT_EQ(notes_, 3);
  Pass(10'000'000);
  EXPECT_EQ(channel_->ledger().in_doubt, 0u);
  EXPECT_EQ(channel_->ledger().failed, 0u);
  EXPECT_EQ(channel_->ledger().delivered, 12u);
  CheckSums();
}

TEST_F(AgainTest, WhoWaitsWaitsUntilItsDeadlineAndIsToldWhyThereIsNoConnection) {
  Begin();
  Kill();
  Result queued, awaited;
  ASSERT_TRUE(Start(kEcho, "queued", queued, {.timeout = 700ms}).ok());
  Await(kEcho, "awaited", awaited, {.timeout = 700ms});
  Pass(690'000'000);
  EXPECT_FALSE(queued.has_value() || awaited.has_value());
  Pass(20'000'000);
  for (const Result& result : {queued, awaited}) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(OutcomeOf(result->status()), Outcome::kRefused) << result->status();
    EXPECT_EQ(ReasonOf(result->status()), Reason::kDeadline);
    EXPECT_THAT(std::string(result->status().message()), HasSubstr("nobody serves there"));
  }
}

TEST_F(AgainTest, WhatIsBegunAfterTheGoodbyeGoesToTheNextAndWhatWasUnderWayEnds) {
  Begin();
  Result under_way, later;
  ASSERT_TRUE(Start(kReplace, "held", under_way).ok());
  Turns();
  port_->StartClose();
  Turns();
  EXPECT_FALSE(under_way.has_value());
  Await(kEcho, "later", later, {.timeout = 10s});
  EXPECT_TRUE(TryNote());
  Turns();
  EXPECT_FALSE(later.has_value());
  held_->Reply(Bytes("the last word")).IgnoreError();
  held_ = nullptr;
  Turns();
  ASSERT_TRUE(under_way.has_value());
  EXPECT_EQ(under_way->value_or("?"), "the last word");
  EXPECT_TRUE(port_->closed()) << "the goodbye is answered";
  Kill();
  EXPECT_EQ(notes_, 0);
  Serve();
  Pass(200'000'000);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->value_or("?"), "later");
  EXPECT_EQ(notes_, 1);
  CheckSums();
}

TEST_F(AgainTest, AStreamWhoseRequestHasLeftEndsAndOneThatIsQueuedGoesOn) {
  Begin();
  auto left = channel_->OpenStream(kLeave, Bytes("has left"));
  ASSERT_TRUE(left.ok());
  Turns();
  Kill();
  EXPECT_EQ(OutcomeOf((*left)->Finish().Wait().status()), Outcome::kInDoubt);
  auto queued = channel_->OpenStream(5'000, Bytes("is queued"));
  ASSERT_TRUE(queued.ok());
  Kill();
  Serve();
  port_->HandleTask(5'000, [](ServerCall& call) -> Task<absl::Status> {
    std::string all(call.message().text());
    while (std::optional<Message> item = co_await call.stream()->Read()) all += item->text();
    co_return call.Reply(Bytes(all));
  });
  node_->Spawn([](ClientStream& stream) -> Task<void> {
    (co_await stream.Write(Bytes(": an item"))).IgnoreError();
    stream.EndWrites().IgnoreError();
  }(**queued));
  Pass(200'000'000);
  const absl::StatusOr<Message> answer = (*queued)->Finish().Wait();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->text(), "is queued: an item");
  left->reset(), queued->reset();
}

TEST_F(AgainTest, WhoKeepsStateIsToldOfEachFurtherInstanceBeforeWhatWaits) {
  Begin();
  std::vector<std::string> heard;
  channel_->OnInstance([&](uint64_t before, uint64_t now) {
    EXPECT_NE(before, 0u);
    EXPECT_EQ(before, now) << "one node serves them here";
    heard.push_back(notes_ == 0 ? "told" : "too late");
  });
  Kill();
  EXPECT_TRUE(TryNote());
  Serve();
  Pass(200'000'000);
  EXPECT_EQ(notes_, 1);
  EXPECT_THAT(heard, ElementsAre("told"));
}

TEST_F(AgainTest, AServiceThatLetsClientsInOnlyToLoseThemMeetsLongerPauses) {
  Begin();
  int instances = 0;
  channel_->OnInstance([&](uint64_t, uint64_t) {
    ++instances;
    node_->Defer([this] { port_.reset(), Serve(); });
  });
  Kill();
  Serve();
  Pass(3'000'000'000);
  EXPECT_GT(instances, 30);
  EXPECT_LT(instances, 130) << "some 50 ms apart, but for the first ones";
}

TEST_F(AgainTest, AServiceThatSaysGoodbyeAndStaysIsNotWaitedFor) {
  Begin();
  port_->StartClose();
  Turns();
  const std::unique_ptr<Port> hung = std::move(port_);
  Serve();
  Result later;
  ASSERT_TRUE(Start(kEcho, "later", later, {.timeout = 30s}).ok());
  Pass(3'000'000'000);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->value_or("?"), "later");
}

TEST_F(AgainTest, WaitOpenHasAnEndAlsoWhileTheServiceSaysGoodbye) {
  Begin({.connect_timeout = 300ms});
  port_->StartClose();
  Turns();
  node_->Spawn([](Node& node, std::unique_ptr<Port>& port, ManualClock& clock) -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      clock.AdvanceToNs(clock.NowNs() + 50'000'000);
      co_await node.Sleep(0s);
      if (i == 3) port.reset();
    }
  }(*node_, port_, clock_));
  const absl::Status waited = channel_->WaitOpen();
  EXPECT_EQ(ReasonOf(waited), Reason::kUnreachable) << waited;
  EXPECT_TRUE(channel_->ended_why().ok()) << "it goes on all the same";
}

TEST_F(AgainTest, WhatLingersAfterAGoodbyeGoesToTheNextInstance) {
  node_->SetGrace(2s, [](const std::string& sentence) { FAIL() << sentence; });
  Begin();
  port_->StartClose();
  Turns();
  EXPECT_TRUE(TryNote());
  channel_.reset();
  EXPECT_TRUE(node_->lingers());
  Kill();
  Serve();
  Pass(500'000'000);
  EXPECT_EQ(notes_, 1);
  EXPECT_FALSE(node_->lingers());
}

TEST_F(AgainTest, ItEndsWithItsFirstSessionIfItIsToldTo) {
  Begin({.reconnect = false});
  Kill();
  EXPECT_EQ(ReasonOf(channel_->ended_why()), Reason::kPeerDied) << channel_->ended_why();
  Serve();
  Pass(1'000'000'000);
  Result echo;
  EXPECT_EQ(ReasonOf(Start(kEcho, "no", echo)), Reason::kPeerDied);
}

TEST_F(AgainTest, ItEndsWhenTheNextInstanceCannotBeUsed) {
  Begin();
  Kill();
  wire_.refuses = absl::PermissionDeniedError("another user's");
  Pass(200'000'000);
  EXPECT_EQ(channel_->ended_why().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(channel_->ended_why().message()),
              HasSubstr("the service has gone; connect again: another user's"));
}

TEST_F(AgainTest, AServiceWithoutRoomIsAskedAgain) {
  Begin();
  std::unique_ptr<Channel> other = *Channel::Open(*node_, "wire:x");
  Turns();
  ASSERT_TRUE(other->open());
  Kill();
  Serve({.sessions_max = 1});
  Pass(1'000'000'000);
  ASSERT_NE(channel_->open(), other->open()) << "there is room for one";
  if (other->open()) std::swap(other, channel_);
  EXPECT_TRUE(other->ended_why().ok());
  channel_.reset();
  Pass(3'000'000'000);
  EXPECT_TRUE(other->open());
}

TEST_F(AgainTest, ItIsDestroyedAtAnyMoment) {
  for (int turns = 0; turns < 40; ++turns) {
    Serve();
    Connect();
    Result call, held;
    Turns();
    ASSERT_TRUE(Start(kLeave, "left", held).ok());
    port_.reset();
    ASSERT_TRUE(Start(kEcho, "waits", call).ok());
    Turns(turns % 10);
    if (turns >= 10) Serve();
    if (turns >= 20) Pass(turns * 1'000'000);
    channel_.reset();
    Turns(1);
    EXPECT_TRUE(call.has_value() && held.has_value());
    port_.reset();
    Turns();
  }
}

}  // namespace
}  // namespace jackfield
