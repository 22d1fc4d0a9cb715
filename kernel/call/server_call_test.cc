// A call at its server: it is answered once, by whoever has it, whatever its handler does.
#include "kernel/call/server_call.h"

#include <stdexcept>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/call/test/channel_world.h"

namespace jackfield {
namespace {

using testing::HasSubstr;

constexpr uint32_t kMine = 90;

class ServerCallTest : public ChannelWorld {
 protected:
  ServerCallTest() {
    Serve();
    Connect();
    Turns();
  }
  ~ServerCallTest() override { channel_.reset(), port_.reset(), node_.reset(); }
  // What the caller hears.
  absl::StatusOr<std::string> Heard(std::string_view text = "x", CallOptions options = {}) {
    Result result;
    if (absl::Status status = Start(kMine, text, result, options); !status.ok()) return status;
    Turns();
    return result.value_or(absl::InternalError("it has no end yet"));
  }
};

TEST_F(ServerCallTest, ASecondAnswerIsRefusedAndTheFirstHolds) {
  absl::Status second, third;
  port_->Handle(kMine, [&](ServerCall& call) {
    EXPECT_TRUE(call.Reply(Bytes("first")).ok());
    EXPECT_TRUE(call.answered());
    second = call.Reply(Bytes("second"));
    third = call.Fail(absl::InternalError("third"));
  });
  EXPECT_EQ(Heard().value_or("?"), "first");
  EXPECT_EQ(ReasonOf(second), Reason::kMisuse) << second;
  EXPECT_EQ(ReasonOf(third), Reason::kMisuse) << third;
}

TEST_F(ServerCallTest, AnAnswerThatIsTooLargeMayBeFollowedByOneThatFits) {
  port_->Handle(kMine, [&](ServerCall& call) {
    const std::string large(3 << 20, 'x');
    EXPECT_EQ(ReasonOf(call.Reply(Bytes(large))), Reason::kTooLarge);
    EXPECT_FALSE(call.answered());
    EXPECT_TRUE(call.Reply(Bytes("a small one")).ok());
  });
  EXPECT_EQ(Heard().value_or("?"), "a small one");
}

TEST_F(ServerCallTest, AHandlerThatForgetsIsAnsweredFor) {
  port_->Handle(kMine, [](ServerCall&) {});
  const absl::Status heard = Heard().status();
  EXPECT_EQ(heard.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(heard.message()), HasSubstr("returned without an answer"));
}

TEST_F(ServerCallTest, AStatusOfTheHandlersIsNotAnOutcomeOfTheBus) {
  port_->Handle(kMine, [](ServerCall& call) {
    call.Fail(Refused(Reason::kBackPressure, "of a call it made")).IgnoreError();
  });
  const absl::Status heard = Heard().status();
  EXPECT_EQ(OutcomeOf(heard), Outcome::kOk) << "the handler has run";
  EXPECT_THAT(std::string(heard.message()), HasSubstr("of a call it made"));
}

TEST_F(ServerCallTest, OneThatIsHeldIsAnsweredLaterAndItsMessageStays) {
  ServerCall* held = nullptr;
  port_->Handle(kMine, [&](ServerCall& call) {
    call.Hold();
    held = &call;
  });
  Result result;
  ASSERT_TRUE(Start(kMine, "stays", result).ok());
  Turns();
  ASSERT_NE(held, nullptr);
  for (int i = 0; i < 10; ++i) {
    Result other;
    ASSERT_TRUE(Start(kEcho, "others come meanwhile", other).ok());
    Turns();
  }
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(held->message().text(), "stays");
  EXPECT_TRUE(held->Reply(Bytes(held->message().text())).ok());
  Turns();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->value_or("?"), "stays");
  EXPECT_EQ(port_->calls_under_way(), 0u);
}

TEST_F(ServerCallTest, OneThatIsHeldWhenItsCallerGoesIsToldAndItsAnswerFails) {
  ServerCall* held = nullptr;
  int cancelled = 0;
  port_->Handle(kMine, [&](ServerCall& call) {
    call.OnCancel([&cancelled] { ++cancelled; });
    call.Hold();
    held = &call;
  });
  Result result;
  ASSERT_TRUE(Start(kMine, "x", result).ok());
  Turns();
  ASSERT_NE(held, nullptr);
  channel_.reset();
  Turns();
  EXPECT_EQ(cancelled, 1);
  EXPECT_TRUE(held->cancelled());
  EXPECT_EQ(OutcomeOf(held->Reply(Bytes("nobody"))), Outcome::kFailed);
  Turns();
  EXPECT_EQ(port_->calls_under_way(), 0u);
}

TEST_F(ServerCallTest, WhatAHandlerThrowsIsInternalAndTheServiceLives) {
  port_->Handle(kMine, [](ServerCall& call) {
    if (call.message().text() == "throw") throw std::runtime_error("out of luck");
    call.Reply(Bytes("lives")).IgnoreError();
  });
  const absl::Status heard = Heard("throw").status();
  EXPECT_EQ(heard.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(heard.message()), HasSubstr("type 90: the handler threw: out of luck"));
  EXPECT_EQ(Heard("go on").value_or("?"), "lives");
}

TEST_F(ServerCallTest, OneWhoseDeadlineHasPassedInTheQueueDoesNotRun) {
  int ran = 0;
  port_->Handle(kMine, [&](ServerCall& call) {
    ++ran;
    call.Reply(Bytes("late")).IgnoreError();
  });
  port_->Pause();
  Result result;
  ASSERT_TRUE(Start(kMine, "x", result, {.timeout = 1ms}).ok());
  Turns();
  Pass(10'000'000);
  port_->Resume();
  Pass(10'000'000);
  EXPECT_EQ(ran, 0);
  EXPECT_GE(port_->ledger().expired, 1u);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(OutcomeOf(result->status()), Outcome::kInDoubt) << "its caller cannot know";
}

TEST_F(ServerCallTest, APortThatIsPausedAgainBeforeItWentOnStaysPaused) {
  int ran = 0;
  port_->Handle(kMine, [&](ServerCall& call) {
    ++ran;
    call.Reply(Bytes("")).IgnoreError();
  });
  port_->Pause();
  Result& result = results_.emplace_back();
  ASSERT_TRUE(Start(kMine, "x", result).ok());
  Turns();
  port_->Resume();
  port_->Pause();
  Turns();
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(port_->waiting(), 1u);
  port_->Resume();
  Turns();
  EXPECT_EQ(ran, 1);
}

TEST_F(ServerCallTest, WhatAReceiverHasEndsWithFinishThoughItIsHeldAndAnswered) {
  ServerCall* got = nullptr;
  node_->Spawn([](Node&, Port& port, ServerCall*& to) -> Task<void> {
    const std::vector<uint32_t> mine(1, kMine);
    to = co_await port.Receive(mine);
  }(*node_, *port_, got));
  Result& result = results_.emplace_back();
  ASSERT_TRUE(Start(kMine, "x", result).ok());
  Turns();
  ASSERT_NE(got, nullptr);
  got->Hold();
  EXPECT_TRUE(got->Reply(Bytes("taken")).ok());
  EXPECT_EQ(port_->calls_under_way(), 1u);
  port_->Finish(*got);
  EXPECT_EQ(port_->calls_under_way(), 0u);
  Turns();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->value_or("?"), "taken");
}

TEST_F(ServerCallTest, ItsDeadlineIsOverWhenItsCallerSaysSoThoughItCameLate) {
  ServerCall* got = nullptr;
  port_->Handle(kMine, [&](ServerCall& call) {
    got = &call;
    call.Hold();
  });
  wire_.blocked = true;
  Result& result = results_.emplace_back();
  ASSERT_TRUE(Start(kMine, "x", result, {.timeout = 100ms}).ok());
  Pass(50'000'000);  // on its way
  wire_.blocked = false;
  Turns();
  ASSERT_NE(got, nullptr);
  EXPECT_GT(got->remaining(), 90ms);
  Pass(60'000'000);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(got->cancelled());
  EXPECT_LE(got->remaining(), 0s);
}

TEST_F(ServerCallTest, ItKnowsWhatIsLeftOfItsDeadlineAndItsPriority) {
  nanoseconds left = 0s;
  uint8_t priority = 99;
  port_->Handle(kMine, [&](ServerCall& call) {
    left = call.remaining();
    priority = call.priority();
    call.Reply(Bytes("x")).IgnoreError();
  });
  EXPECT_TRUE(Heard("x", {.timeout = 300ms, .priority = 1}).ok());
  EXPECT_GT(left, 200ms);
  EXPECT_LE(left, 300ms);
  EXPECT_EQ(priority, 1);
}

}  // namespace
}  // namespace jackfield
