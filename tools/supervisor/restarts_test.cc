#include "tools/supervisor/restarts.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr int64_t kMs = 1'000'000;

RestartRule Rule(RestartRule::When when) {
  return {.when = when, .pause_least_ns = 100 * kMs, .pause_most_ns = 500 * kMs, .restarts_max = 5};
}

TEST(RestartsTest, NeverIsNever) {
  Restarts restarts(Rule(RestartRule::When::kNever));
  EXPECT_FALSE(restarts.Next(true, 0));
  EXPECT_FALSE(restarts.Next(false, kSettledNs));
}

TEST(RestartsTest, UnderAnotherRuleCountingBeginsAnew) {
  Restarts restarts(Rule(RestartRule::When::kOnFailure));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(restarts.Next(true, 0));
  EXPECT_FALSE(restarts.Next(true, 0));
  restarts.SetRule(Rule(RestartRule::When::kAlways));
  EXPECT_EQ(restarts.Next(false, 0), 0);
  EXPECT_EQ(restarts.total(), 6u);
}

TEST(RestartsTest, OnFailureTellsADeathFromADoneService) {
  Restarts restarts(Rule(RestartRule::When::kOnFailure));
  EXPECT_FALSE(restarts.Next(false, 0));
  EXPECT_TRUE(restarts.Next(true, 0));
  EXPECT_TRUE(Restarts(Rule(RestartRule::When::kAlways)).Next(false, 0));
}

TEST(RestartsTest, TheFirstIsAtOnceAndThenThePauseDoublesUpToItsMost) {
  Restarts restarts(Rule(RestartRule::When::kOnFailure));
  for (const int64_t pause_ms : {0, 100, 200, 400, 500})
    EXPECT_EQ(restarts.Next(true, 0), pause_ms * kMs);
  EXPECT_TRUE(restarts.used_up());
  EXPECT_FALSE(restarts.Next(true, 0)) << "the sixth in a row";
  EXPECT_EQ(restarts.total(), 5u);
}

TEST(RestartsTest, AServiceThatHadSettledBeginsAnew) {
  Restarts restarts(Rule(RestartRule::When::kOnFailure));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(restarts.Next(true, kSettledNs - 1));
  EXPECT_EQ(restarts.Next(true, kSettledNs), 0);
  EXPECT_EQ(restarts.in_a_row(), 1u);
  EXPECT_EQ(restarts.total(), 6u);
}

TEST(RestartsTest, PausesDoNotOverflow) {
  RestartRule rule = Rule(RestartRule::When::kAlways);
  rule.pause_most_ns = kPauseNsMax;
  rule.restarts_max = kRestartsMax;
  Restarts restarts(rule);
  for (int i = 0; i < 200; ++i) {
    const std::optional<int64_t> pause_ns = restarts.Next(true, 0);
    ASSERT_TRUE(pause_ns);
    ASSERT_GE(*pause_ns, 0);
    ASSERT_LE(*pause_ns, kPauseNsMax);
  }
}

}  // namespace
}  // namespace jackfield
