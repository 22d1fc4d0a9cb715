// Calls and their ends at moments that a real medium hits rarely. What holds on every medium is
// proven by tests/conformance.
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "kernel/test/channel_world.h"

namespace jackfield {
namespace {

class ChannelTest : public ChannelWorld {};

TEST_F(ChannelTest, ADeadlineTooFarForTheHeaderHoldsAllTheSame) {
  Serve();
  Connect();
  Turns();
  Result& held = results_.emplace_back();
  Result& forever = results_.emplace_back();
  CallOptions options;
  options.timeout_us = int64_t{3} * 3600 * 1'000'000;
  ASSERT_TRUE(Start(kReplace, "", held, options).ok());
  Turns();
  ASSERT_NE(held_, nullptr);
  clock_.AdvanceToNs(clock_.NowNs() + int64_t{2} * 3600 * 1'000'000'000);
  Turns();
  EXPECT_FALSE(held_->cancelled());
  EXPECT_FALSE(held.has_value());
  clock_.AdvanceToNs(clock_.NowNs() + int64_t{2} * 3600 * 1'000'000'000);
  Turns();
  EXPECT_TRUE(held_->cancelled());
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(ReasonOf(held->status()), Reason::kDeadline);
  options.timeout_us = INT64_MAX;
  ASSERT_TRUE(Start(kEcho, "ever", forever, options).ok());
  Turns();
  ASSERT_TRUE(forever.has_value());
  EXPECT_EQ(forever->value_or("?"), "ever");
}

TEST_F(ChannelTest, ACallFromInsideTheBuildingOfAnotherIsRefusedAndHarmsNeither) {
  Serve();
  Connect();
  Turns();
  Result& inner = results_.emplace_back();
  Result& outer = results_.emplace_back();
  absl::Status nested;
  Build build([&](flatbuffers::FlatBufferBuilder& fbb) {
    const auto words = fbb.CreateString("outer");
    nested = Start(kEcho, "inner", inner);
    Result again;
    EXPECT_EQ(ReasonOf(Start(kEcho, "again", again)), Reason::kMisuse);
    fbb.Finish(words);
  });
  ASSERT_TRUE(Start(kEcho, build, outer).ok());
  EXPECT_EQ(ReasonOf(nested), Reason::kMisuse) << nested;
  Turns();
  ASSERT_TRUE(outer.has_value());
  EXPECT_NE(outer->value_or("?").find("outer"), std::string::npos);
}

TEST_F(ChannelTest, ACallFromInsideTheBuildingOfAQueuedOneIsACallOfItsOwn) {
  Serve();
  Connect();  // not open yet: both are queued
  Result& inner = results_.emplace_back();
  Result& outer = results_.emplace_back();
  Build build([&](flatbuffers::FlatBufferBuilder& fbb) {
    EXPECT_TRUE(Start(kEcho, "inner", inner).ok());
    fbb.Finish(fbb.CreateString("outer"));
  });
  ASSERT_TRUE(Start(kEcho, build, outer).ok());
  EXPECT_EQ(channel_->calls_under_way(), 2u);
  Turns();
  ASSERT_TRUE(outer.has_value() && inner.has_value());
  EXPECT_EQ(inner->value_or("?"), "inner");
  EXPECT_NE(outer->value_or("?").find("outer"), std::string::npos);
}

TEST_F(ChannelTest, ARequestThatNobodyWaitsForAnyMoreLeavesTheQueue) {
  Serve();
  Connect();
  auto stream = channel_->OpenStream(kReplace, Bytes(""));
  ASSERT_TRUE(stream.ok()) << stream.status();
  stream->reset();
  Turns();
  EXPECT_EQ(held_, nullptr) << "it ran";
  EXPECT_EQ(channel_->ledger().dropped, 1u);
}

TEST_F(ChannelTest, AMessageTypeWithTwoHandlersIsRefusedAndTheOthersWork) {
  Serve();
  port_->Handle(kNote, [](ServerCall&) {});
  Connect();
  Turns();
  Result &note = results_.emplace_back(), &echo = results_.emplace_back();
  ASSERT_TRUE(Start(kNote, "", note).ok());
  ASSERT_TRUE(Start(kEcho, "x", echo).ok());
  Turns();
  ASSERT_TRUE(note.has_value() && echo.has_value());
  EXPECT_EQ(ReasonOf(note->status()), Reason::kMisuse) << note->status();
  EXPECT_EQ(echo->value_or("?"), "x");
  EXPECT_FALSE(port_->failure().ok());
}

TEST_F(ChannelTest, AConnectionThatIsNeverMadeIsGivenUp) {
  wire_.silent = true;
  ChannelOptions options;
  options.connect_us = 1'000'000;
  Connect(options);
  Result& result = results_.emplace_back();
  CallOptions patient;
  patient.timeout_us = 3'600'000'000;
  Await(kEcho, "", result, patient);
  Pass(2'900'000'000);
  EXPECT_FALSE(result.has_value());
  Pass(200'000'000);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(ReasonOf(result->status()), Reason::kUnreachable) << result->status();
}

TEST_F(ChannelTest, WhoAsksToBeToldOfACancelThatHasComeIsTold) {
  Serve();
  int told = 0;
  port_->HandleTask(kRelay, [&told](ServerCall& call) -> Task<absl::Status> {
    co_await call.node().Sleep(30'000'000);
    call.OnCancel([&told] { ++told; });
    co_await call.node().Sleep(30'000'000);
    co_return absl::OkStatus();
  });
  Connect();
  Turns();
  CallOptions soon;
  soon.timeout_us = 10'000;
  ASSERT_TRUE(Start(kRelay, "", results_.emplace_back(), soon).ok());
  Pass(100'000'000);
  EXPECT_EQ(told, 1);
}

TEST_F(ChannelTest, TwoPortsOfOneNodeAreTwoServices) {
  Serve();
  std::unique_ptr<Port> other = *Port::Open(*node_, {"wire:y"});
  std::unique_ptr<Channel> to_other = *Channel::Open(*node_, "wire:y");
  std::unique_ptr<Channel> back = *Channel::Open(*node_, "wire:x");
  other->Handle(kEcho, [](ServerCall& call) { call.Reply(Bytes("the other's")).IgnoreError(); });
  const auto pass_on = [](Channel& to, uint32_t type) {
    return [&to, type](ServerCall& call) -> Task<absl::Status> {
      absl::StatusOr<Message> reply = co_await to.Call(type, Bytes(""));
      if (!reply.ok()) co_return reply.status();
      co_return call.Reply(Bytes(reply->text()));
    };
  };
  constexpr uint32_t kOut = 20, kOutAndBack = 21, kBack = 22;
  port_->HandleTask(kOut, pass_on(*to_other, kEcho));
  port_->HandleTask(kOutAndBack, pass_on(*to_other, kBack));
  other->HandleTask(kBack, pass_on(*back, kEcho));
  Connect();
  Turns();
  Result& out = results_.emplace_back();
  Result& cycle = results_.emplace_back();
  ASSERT_TRUE(Start(kOut, "", out).ok());
  ASSERT_TRUE(Start(kOutAndBack, "", cycle).ok());
  Turns();
  ASSERT_TRUE(out.has_value() && cycle.has_value());
  EXPECT_EQ(out->value_or("?"), "the other's");
  EXPECT_EQ(cycle->status().code(), absl::StatusCode::kFailedPrecondition) << cycle->status();
}

}  // namespace
}  // namespace jackfield
