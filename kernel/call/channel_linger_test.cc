// The end of a channel, and of a port, with one-way messages on their way: nothing of them is lost
// without a word to the node's listener.
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
using testing::IsEmpty;

constexpr int64_t kGraceNs = 2'000'000'000;

class LingerTest : public ChannelWorld {
 protected:
  void SetGrace(int64_t grace_ns = kGraceNs) {
    node_->SetGrace(nanoseconds(grace_ns),
                    [this](const std::string& sentence) { losses_.push_back(sentence); });
  }
  void Notes(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(TryNote()) << i;
  }
  ~LingerTest() override { channel_.reset(), port_.reset(), node_.reset(); }

  std::vector<std::string> losses_;
};

TEST_F(LingerTest, WhatADestroyedChannelHadSentIsHandledWithoutIt) {
  SetGrace();
  Serve(Window(8));
  Connect();
  Turns();
  wire_.blocked = true;
  Notes(8);
  channel_.reset();
  EXPECT_TRUE(node_->lingers());
  Pass(1'000'000'000);
  EXPECT_EQ(notes_, 0);
  wire_.blocked = false;
  Pass(20'000'000);
  EXPECT_EQ(notes_, 8);
  EXPECT_FALSE(node_->lingers()) << "it ends by itself";
  EXPECT_THAT(losses_, IsEmpty());
  EXPECT_EQ(port_->clients(), 0u);
}

TEST_F(LingerTest, WithoutAGraceItIsDroppedAtOnce) {
  Serve();
  Connect();
  Turns();
  Notes(8);
  wire_.blocked = true;
  channel_.reset();
  EXPECT_FALSE(node_->lingers());
  wire_.blocked = false;
  Turns();
  EXPECT_EQ(notes_, 0);
}

TEST_F(LingerTest, WhatIsNotHandledWithinTheGraceIsTold) {
  SetGrace();
  Serve(Window(4));
  ChannelOptions options;
  options.role = "log";
  Connect(options);
  Turns();
  port_->Pause();  // as one that is stopped, or slow
  Notes(4);
  Turns();
  wire_.blocked = true;
  channel_.reset();
  Pass(kGraceNs - 1'000'000);
  EXPECT_THAT(losses_, IsEmpty());
  Pass(2'000'000);
  EXPECT_FALSE(node_->lingers());
  EXPECT_THAT(
      losses_,
      ElementsAre(HasSubstr("4 of 4 messages to log were not handled: 0 not sent, 4 in doubt (")));
}

TEST_F(LingerTest, WhatNeverLeftIsToldAsNotSent) {
  SetGrace();
  Serve(Window(2));
  Connect();
  port_->Pause();
  Notes(5);  // queued: there is no connection yet
  Turns();
  channel_.reset();
  Pass(kGraceNs + 1'000'000);
  EXPECT_THAT(
      losses_,
      ElementsAre(HasSubstr("5 of 5 messages to wire:x were not handled: 3 not sent, 2 in")));
}

TEST_F(LingerTest, AnotherWordEndsTheGraceAtOnceAndTellsToo) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  wire_.blocked = true;
  Notes(3);
  channel_.reset();
  node_->EndLingering();
  EXPECT_FALSE(node_->lingers());
  EXPECT_THAT(losses_, ElementsAre(HasSubstr("3 of 3 messages to wire:x were not handled: 3 not")));
}

TEST_F(LingerTest, ItGoesOnConnectingForWhatWasSentBefore) {
  SetGrace();
  Serve();
  Connect();
  Notes(20);
  channel_.reset();
  Pass(50'000'000);
  EXPECT_EQ(notes_, 20);
  EXPECT_FALSE(node_->lingers());
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(LingerTest, ItsCallsEndAsCancelledInTheNextTurnAndAreCancelledAtTheServer) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "", held).ok());
  Turns();
  ASSERT_NE(held_, nullptr);
  Notes(1);
  channel_.reset();
  Turns(1);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(ReasonOf(held->status()), Reason::kCancelled) << held->status();
  EXPECT_EQ(OutcomeOf(held->status()), Outcome::kInDoubt);
  Turns();
  EXPECT_TRUE(held_->cancelled());
  EXPECT_EQ(notes_, 1);
}

TEST_F(LingerTest, AChannelThatOwesNothingDoesNotLinger) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  Result& echo = results_.emplace_back();
  Notes(3);
  ASSERT_TRUE(Start(kEcho, "after them", echo).ok());
  Turns();
  ASSERT_TRUE(echo.has_value());
  channel_.reset();
  EXPECT_FALSE(node_->lingers());
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(LingerTest, WhatAPeerThatDiedLeavesInDoubtIsToldWhenTheChannelGoes) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  port_->Pause();
  Notes(3);
  Turns();
  node_->SetGrace(0s, {});  // the port's own losses are another test's
  port_.reset();
  SetGrace();
  Turns();
  ASSERT_FALSE(channel_->open());
  EXPECT_THAT(losses_, IsEmpty()) << "it may be asked still";
  channel_.reset();
  EXPECT_FALSE(node_->lingers()) << "no other instance can say more";
  EXPECT_THAT(losses_, ElementsAre(HasSubstr("3 of 3 messages to wire:x were not handled")));
}

TEST_F(LingerTest, WhoWasTheReceiptGivenIsNotToldAgain) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  wire_.blocked = true;
  Notes(3);
  EXPECT_EQ(channel_->Close(0s).undelivered, 3u);
  channel_.reset();
  EXPECT_FALSE(node_->lingers());
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(LingerTest, WhoDoesNotWaitForRoomFindsItBeforeTheConnectionIsThere) {
  for (const OnFull on_full : {OnFull::kFail, OnFull::kDropNewest, OnFull::kWait}) {
    Serve();
    ChannelOptions options;
    options.on_full = on_full;
    options.session.outbox_frames = 10;
    Connect(options);
    Result& call = results_.emplace_back();
    ASSERT_TRUE(Start(kEcho, "a call", call).ok());
    for (int i = 0; i < 12; ++i) {
      EXPECT_EQ(TryNote(), i < 9 || on_full == OnFull::kDropNewest) << i;
    }
    EXPECT_EQ(channel_->ledger().dropped, on_full == OnFull::kDropNewest ? 3u : 0u);
    Turns();
    EXPECT_EQ(std::exchange(notes_, 0), 9);
    ASSERT_TRUE(call.has_value());
    EXPECT_EQ(call->value_or("?"), "a call");
    channel_.reset();
    port_.reset();
    Turns();
  }
}

// ---- The port.

class PortEndTest : public LingerTest {};

TEST_F(PortEndTest, WhatHasComeIsHandledAndAnsweredAfterTheGoodbye) {
  SetGrace();
  Serve();
  Connect({.reconnect = false});
  Turns();
  Result& echo = results_.emplace_back();
  wire_.blocked = true;
  Notes(5);
  ASSERT_TRUE(Start(kEcho, "on its way", echo).ok());
  port_->StartClose();
  wire_.blocked = false;
  Turns();
  EXPECT_EQ(notes_, 5);
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(echo->value_or("?"), "on its way");
  EXPECT_TRUE(port_->at_rest() && port_->closed());
  Bytes late("late");
  const absl::Status refused = channel_->TrySend(kNote, late);
  EXPECT_EQ(ReasonOf(refused), Reason::kClosed) << refused;
  port_.reset();
  EXPECT_THAT(losses_, IsEmpty());
}

TEST_F(PortEndTest, ItIsAtRestWhenItsGoodbyeHasLeft) {
  Serve();
  Connect();
  Turns();
  wire_.blocked = true;
  port_->StartClose();
  EXPECT_FALSE(port_->at_rest()) << "the goodbye has not left";
  wire_.blocked = false;
  Turns();
  EXPECT_TRUE(port_->closed());
}

TEST_F(PortEndTest, ANewStreamIsRefusedWhileItCloses) {
  Serve();
  Connect();
  Turns();
  auto stream = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  port_->StartClose();
  node_->Spawn([](Node&, ClientStream& stream, Result& result) -> Task<void> {
    absl::StatusOr<Message> end = co_await stream.Finish();
    result.emplace(end.ok() ? absl::StatusOr<std::string>(end->text()) : end.status());
  }(*node_, **stream, results_.emplace_back()));
  Turns();
  ASSERT_TRUE(results_.back().has_value());
  EXPECT_EQ(ReasonOf(results_.back()->status()), Reason::kClosed) << results_.back()->status();
  EXPECT_EQ(OutcomeOf(results_.back()->status()), Outcome::kRefused);
}

TEST_F(PortEndTest, MessagesOfAClientThatHasGoneAreHandledAllTheSame) {
  Serve();
  Connect();
  Turns();
  port_->Pause();
  Notes(5);
  Turns();
  channel_.reset();
  Turns();
  ASSERT_EQ(port_->clients(), 0u);
  EXPECT_EQ(port_->waiting(), 5u);
  port_->Resume();
  Turns();
  EXPECT_EQ(notes_, 5);
}

TEST_F(PortEndTest, OfClientsThatHaveGoneNoMoreWaitThanOneMaySend) {
  SetGrace();
  Serve(Window(4));
  port_->Pause();
  for (int i = 0; i < 3; ++i) {
    Connect();
    Turns();
    Notes(4);
    Turns();
    EXPECT_GT(channel_->Close(0s).in_doubt, 0u);
    Turns();
  }
  EXPECT_EQ(port_->waiting(), 4u);
  port_->Resume();
  Turns();
  EXPECT_EQ(notes_, 4);
  port_.reset();
  EXPECT_THAT(losses_, ElementsAre("8 messages that had come were not handled"));
}

TEST_F(PortEndTest, WhatItHadReceivedAndNotHandledIsTold) {
  SetGrace();
  Serve();
  Connect();
  Turns();
  port_->Pause();
  Notes(3);
  Turns();
  port_.reset();
  EXPECT_THAT(losses_, ElementsAre("3 messages that had come were not handled"));
}

// ---- What else went without a word.

TEST_F(LingerTest, AStopBeforeTheRunIsNotForgotten) {
  node_->Stop();
  EXPECT_TRUE(node_->Run().ok());  // returns
  bool ran = false;
  node_->Defer([&] {
    ran = true;
    node_->Stop();
  });
  EXPECT_TRUE(node_->Run().ok());
  EXPECT_TRUE(ran) << "one stop ends one run";
}

TEST_F(LingerTest, APromiseThatIsDroppedMakesItsFutureCancelled) {
  auto promise = std::make_unique<Promise<int>>(*node_);
  Future<int> future = promise->future();
  auto copy = std::make_unique<Promise<int>>(*promise);
  promise.reset();
  EXPECT_FALSE(future.ready()) << "the copy can keep it";
  copy.reset();
  ASSERT_TRUE(future.ready());
  EXPECT_EQ(future.Wait().status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace jackfield
