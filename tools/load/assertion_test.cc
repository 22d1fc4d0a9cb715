#include "tools/load/assertion.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace jackfield::load {
namespace {

using ::testing::HasSubstr;

// 2,000 calls of 1..2000 us, 20 of them errors, with a lag of 10 us.
std::unique_ptr<StageResult> Stage2000() {
  auto stage = std::make_unique<StageResult>();
  for (uint64_t us = 1; us <= 2000; ++us) {
    stage->latency.Add(us * 1000);
    stage->sent.Add(us * 500);
    stage->lag.Add(10'000);
    stage->queue.Add(0);
  }
  stage->due = stage->ended = 2000;
  stage->errors = 20;
  stage->ended_per_second = 400;
  return stage;
}

bool Holds(std::string_view text) {
  const absl::StatusOr<Assertion> claim = Assertion::Parse(text);
  EXPECT_TRUE(claim.ok()) << claim.status();
  const absl::StatusOr<bool> holds = claim->Holds(*Stage2000());
  EXPECT_TRUE(holds.ok()) << holds.status();
  return *holds;
}

TEST(AssertionTest, HoldsOrNot) {
  EXPECT_TRUE(Holds("p50<1.1ms"));
  EXPECT_FALSE(Holds("p50 < 0.9ms"));
  EXPECT_TRUE(Holds("p99>=1.9ms"));
  EXPECT_FALSE(Holds("p99>3ms"));
  EXPECT_TRUE(Holds("max==2ms"));
  EXPECT_FALSE(Holds("max!=2ms"));
  EXPECT_TRUE(Holds("sent.p50<=600us"));
  EXPECT_FALSE(Holds("sent.max<1ms"));
  EXPECT_TRUE(Holds("lag.p99<200us"));
  EXPECT_TRUE(Holds("queue.p90<1us"));
  EXPECT_FALSE(Holds("errors==0"));
  EXPECT_TRUE(Holds("errors<=20"));
  EXPECT_TRUE(Holds("errors<=1%"));
  EXPECT_FALSE(Holds("errors<0.5%"));
  EXPECT_TRUE(Holds("rate>=0.4k"));
  EXPECT_FALSE(Holds("rate>400/s"));
}

TEST(AssertionTest, SaysWhatItFound) {
  const auto stage = Stage2000();
  EXPECT_EQ(Assertion::Parse("errors<1%")->Found(*stage), "1%");
  EXPECT_EQ(Assertion::Parse("rate>1")->Found(*stage), "400/s");
  EXPECT_EQ(Assertion::Parse("max<1ms")->Found(*stage), "2ms");
}

TEST(AssertionTest, CannotTellAQuantileOfTooFewCalls) {
  const absl::StatusOr<bool> holds = Assertion::Parse("p99.9<1s")->Holds(*Stage2000());
  ASSERT_FALSE(holds.ok());
  EXPECT_THAT(std::string(holds.status().message()),
              HasSubstr("it needs 10000 calls after the warm-up, and there were 2000"));
}

TEST(AssertionTest, AWrongClaimIsToldWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const absl::StatusOr<Assertion> claim = Assertion::Parse(text);
    return claim.ok() ? "it is right" : std::string(claim.status().message());
  };
  for (const char* text : {"", "p99", "p99~1ms", "p99=1ms"})
    EXPECT_THAT(why(text), HasSubstr("write METRIC OP LIMIT, such as p99<1ms")) << text;
  for (const char* text : {"p100<1ms", "p0<1ms", "p<1ms", "mean<1ms", "lag<1ms", "lag.errors==0"})
    EXPECT_THAT(why(text), HasSubstr("there is no metric")) << text;
  EXPECT_THAT(why("p99<1"), HasSubstr("\"1\" is not a duration"));
  EXPECT_THAT(why("errors<many"), HasSubstr("neither a number of calls nor a share"));
  EXPECT_THAT(why("errors<200%"), HasSubstr("is not a share"));
  EXPECT_THAT(why("rate>x"), HasSubstr("is not a rate"));
}

}  // namespace
}  // namespace jackfield::load
