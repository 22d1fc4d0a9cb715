// Credit, queues and those who wait for room, at moments that a real medium hits rarely. What holds
// on every medium is proven by tests/conformance.
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

class ChannelRoom : public ChannelWorld {};

TEST_F(ChannelRoom, AHeldCallThatAnswersTheOneBeforeItTakesNoCreditFromOthers) {
  Serve(Window(16));
  Connect();
  Turns();
  Result& first = results_.emplace_back();
  Result& second = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "", first).ok());
  Turns();
  ASSERT_TRUE(Start(kReplace, "", second).ok());
  Turns();
  ASSERT_TRUE(first.has_value() && !second.has_value());
  EXPECT_EQ(channel_->ledger().delivered, 1u) << "the second one is not handled";
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(TryNote()) << i;
    Pass(6'000'000);  // an acknowledgement's delay
  }
  EXPECT_EQ(notes_, 100);
}

TEST_F(ChannelRoom, CreditIsToldThoughTheOldestMessageIsHeldAndLittleIsHandled) {
  Serve(Window(16));
  Connect();
  Turns();
  std::vector<Result>& held = lists_.emplace_back(13);
  for (Result& result : held) ASSERT_TRUE(Start(kLeave, "", result).ok());
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(TryNote()) << i;
    Pass(6'000'000);
  }
  EXPECT_EQ(notes_, 30);
}

TEST_F(ChannelRoom, WhatWasQueuedAndTurnsOutTooLargeIsRefusedAndHoldsUpNobody) {
  PortOptions options;
  options.session.frame_bytes_max = 4096;
  Serve(options);
  Connect();
  Result& large = results_.emplace_back();
  Result& small = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, std::string(100'000, 'x'), large).ok()) << "not open: nobody knows yet";
  ASSERT_TRUE(Start(kEcho, "small", small).ok());
  Turns();
  ASSERT_TRUE(large.has_value() && small.has_value());
  EXPECT_EQ(ReasonOf(large->status()), Reason::kTooLarge) << large->status();
  EXPECT_EQ(small->value_or("?"), "small");
}

TEST_F(ChannelRoom, NoRoomUntilTheDeadlineIsOneStatusHoweverTheCallIsMade) {
  Serve(Window(1));
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  Result& queued = results_.emplace_back();
  Result& awaited = results_.emplace_back();
  ASSERT_TRUE(Start(kLeave, "", held).ok());
  CallOptions soon;
  soon.timeout = 20ms;
  ASSERT_TRUE(Start(kEcho, "", queued, soon).ok());
  Await(kEcho, "", awaited, soon);
  Pass(30'000'000);
  for (const Result& result : {queued, awaited}) {
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->status().code(), absl::StatusCode::kDeadlineExceeded) << result->status();
    EXPECT_EQ(OutcomeOf(result->status()), Outcome::kRefused) << result->status();
  }
}

TEST_F(ChannelRoom, AnAwaitedCallDoesNotOvertakeAQueuedOne) {
  Serve();
  std::string order;
  port_->Handle(kRelay, [&](ServerCall& call) {
    order += call.message().text().front();
    call.Reply(Bytes("")).IgnoreError();
  });
  Connect();
  Turns();
  wire_.blocked = true;
  std::vector<Result>& results = lists_.emplace_back(3);
  ASSERT_TRUE(Start(kRelay, std::string(600'000, 'a'), results[0]).ok());
  ASSERT_TRUE(Start(kRelay, std::string(700'000, 'b'), results[1]).ok());
  Await(kRelay, "c", results[2]);
  wire_.blocked = false;
  Turns();
  EXPECT_EQ(order, "abc");
}

TEST_F(ChannelRoom, CloseSendsWhatWasQueuedBeforeThereWasAConnection) {
  Serve();
  Connect();
  Result& echo = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  const Receipt receipt = channel_->Close(1s);
  EXPECT_EQ(receipt.handled, 1u);
  EXPECT_EQ(receipt.undelivered + receipt.in_doubt, 0u);
}

TEST_F(ChannelRoom, StreamsThatNobodyReadsLeaveCreditToCalls) {
  Serve(Window(16));
  Connect();
  Turns();
  auto opened = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(opened.ok());
  int written = 0;
  node_->Spawn([](Node&, ClientStream& stream, int& written) -> Task<void> {
    while ((co_await stream.Write(Bytes("item"))).ok()) ++written;
  }(*node_, **opened, written));
  Turns();
  EXPECT_GE(written, 8);
  EXPECT_LE(written, 14);
  Result& echo = results_.emplace_back();
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(echo->value_or("?"), "x");

  // Behind the writer of an item that waits, too, when only a little credit comes back.
  Result &next = results_.emplace_back(), &leave = results_.emplace_back(),
         &last = results_.emplace_back();
  ASSERT_TRUE(Start(kReplace, "", next).ok());
  ASSERT_TRUE(Start(kLeave, "", leave).ok());
  Turns();
  Await(kEcho, "last", last);
  ASSERT_FALSE(last.has_value());
  held_->Reply(Bytes("")).IgnoreError();
  Turns();
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->value_or("?"), "last");
  opened->reset();
  Turns();
}

TEST_F(ChannelRoom, WhoWaitsOnAStreamThatIsDestroyedIsToldAndTouchesItNoMore) {
  Serve(Window(16));
  Connect();
  Turns();
  auto opened = channel_->OpenStream(kUnread, Bytes(""));
  ASSERT_TRUE(opened.ok());
  bool read_ended = false;
  absl::Status written, finished;
  node_->Spawn([](ClientStream& stream, bool& ended) -> Task<void> {
    ended = !(co_await stream.Read()).has_value();
  }(**opened, read_ended));
  node_->Spawn([](ClientStream& stream, absl::Status& status) -> Task<void> {
    do status = co_await stream.Write(Bytes("item"));
    while (status.ok());
  }(**opened, written));
  node_->Spawn([](ClientStream& stream, absl::Status& status) -> Task<void> {
    status = (co_await stream.Finish()).status();
  }(**opened, finished));
  Turns();
  ASSERT_FALSE(read_ended);
  ASSERT_TRUE(written.ok() && finished.ok()) << "nobody waits";
  opened->reset();
  Turns();
  EXPECT_TRUE(read_ended);
  EXPECT_EQ(ReasonOf(written), Reason::kClosed) << written;
  EXPECT_EQ(ReasonOf(finished), Reason::kCancelled) << finished;
  EXPECT_EQ(OutcomeOf(finished), Outcome::kInDoubt);
}

TEST_F(ChannelRoom, AnAnswerThatThereIsNoMemoryForIsNotWaitedForInVain) {
  Serve();
  std::vector<Block> all;
  port_->Handle(kRelay, [&](ServerCall& call) {
    for (const uint32_t bytes : {16u << 20, 64u << 10, 512u}) {
      while (Block block = node_->blocks().Get(bytes)) all.push_back(std::move(block));
    }
    const std::string large(100'000, 'x');
    EXPECT_EQ(ReasonOf(call.Reply(Bytes(large))), Reason::kResource);
  });
  Connect();
  Turns();
  Result& result = results_.emplace_back();
  ASSERT_TRUE(Start(kRelay, "", result).ok());
  Turns();
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->ok());
}

TEST_F(ChannelRoom, WithoutMessageMemoryACallIsRefusedAndDoesNotWaitForRoom) {
  Serve();
  Connect();
  Turns();
  std::vector<Block> all;
  for (const uint32_t bytes : {16u << 20, 64u << 10, 512u}) {
    while (Block block = node_->blocks().Get(bytes)) all.push_back(std::move(block));
  }
  Result& echo = results_.emplace_back();
  Await(kEcho, std::string(100'000, 'x'), echo);
  Turns();
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(ReasonOf(echo->status()), Reason::kResource) << echo->status();
  EXPECT_EQ(OutcomeOf(echo->status()), Outcome::kRefused);
}

}  // namespace
}  // namespace jackfield
