#include "tools/load/schedule.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/text.h"

namespace jackfield::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kSecond = 1'000'000'000;

std::vector<int64_t> MomentsOf(Arrivals arrivals, uint32_t by = 1, uint32_t from = 0) {
  std::vector<int64_t> moments;
  if (from > 0) arrivals.Advance(from);
  for (; !arrivals.done(); arrivals.Advance(by)) moments.push_back(arrivals.next_ns());
  return moments;
}

TEST(ScheduleTest, AConstantRateIsDueAtMultiplesOfItsGap) {
  EXPECT_THAT(MomentsOf(Arrivals::Evenly(Profile::Constant(4, kSecond))),
              ElementsAre(0, 250'000'000, 500'000'000, 750'000'000));
  // A gap that is no whole number of ns does not add up: the last is where it should be.
  const std::vector<int64_t> thirds =
      MomentsOf(Arrivals::Evenly(Profile::Constant(3, 100 * kSecond)));
  ASSERT_EQ(thirds.size(), 300u);
  EXPECT_EQ(thirds[297], 99 * kSecond);
}

TEST(ScheduleTest, StepsFollowEachOtherWithoutAGap) {
  const absl::StatusOr<Profile> steps = ParseSteps("2,4/s", kSecond);
  ASSERT_TRUE(steps.ok()) << steps.status();
  EXPECT_THAT(MomentsOf(Arrivals::Evenly(*steps)),
              ElementsAre(0, 500'000'000, kSecond, 1'250'000'000, 1'500'000'000, 1'750'000'000));
  int64_t begin_ns = 0;
  EXPECT_EQ(steps->StageAt(kSecond - 1, &begin_ns), 0u);
  EXPECT_EQ(steps->StageAt(kSecond, &begin_ns), 1u);
  EXPECT_EQ(begin_ns, kSecond);
  EXPECT_EQ(steps->StageAt(99 * kSecond, &begin_ns), 1u);
}

TEST(ScheduleTest, ARampIsDueAsItsRateGrows) {
  // From 0+ to 200/s in 2 s: t² · 50 calls by t.
  const absl::StatusOr<Profile> ramp = ParseRamp("1..200", 2 * kSecond);
  ASSERT_TRUE(ramp.ok()) << ramp.status();
  const std::vector<int64_t> moments = MomentsOf(Arrivals::Evenly(*ramp));
  EXPECT_EQ(moments.size(), 201u);
  const auto before = [&](int64_t ns) {
    return std::count_if(moments.begin(), moments.end(), [ns](int64_t m) { return m < ns; });
  };
  EXPECT_NEAR(static_cast<double>(before(kSecond)), 51, 1);  // a quarter, and what 1/s adds
  EXPECT_TRUE(std::is_sorted(moments.begin(), moments.end()));
  // And down again.
  const absl::StatusOr<Profile> down = ParseRamp("200..1", 2 * kSecond);
  const std::vector<int64_t> falling = MomentsOf(Arrivals::Evenly(*down));
  EXPECT_EQ(falling.size(), 201u);
  EXPECT_LE(falling.back(), 2 * kSecond);
}

TEST(ScheduleTest, APoissonProcessHasItsRateAndItsSpread) {
  const std::vector<int64_t> moments =
      MomentsOf(Arrivals::Poisson(Profile::Constant(1000, 20 * kSecond), 7));
  EXPECT_NEAR(static_cast<double>(moments.size()), 20'000, 5 * 142);
  // Exponential gaps: a share of 1/e is longer than the mean.
  int longer = 0;
  for (size_t i = 1; i < moments.size(); ++i) longer += moments[i] - moments[i - 1] > 1'000'000;
  EXPECT_NEAR(longer / static_cast<double>(moments.size()), 0.368, 0.02);
  EXPECT_EQ(moments, MomentsOf(Arrivals::Poisson(Profile::Constant(1000, 20 * kSecond), 7)));
  EXPECT_NE(moments, MomentsOf(Arrivals::Poisson(Profile::Constant(1000, 20 * kSecond), 8)));
}

TEST(ScheduleTest, SeveralGeneratorsTogetherMakeTheMomentsOfOne) {
  const Arrivals arrivals = Arrivals::Poisson(Profile::Constant(500, kSecond), 3);
  std::vector<int64_t> together;
  for (uint32_t i = 0; i < 3; ++i) {
    const std::vector<int64_t> part = MomentsOf(arrivals, 3, i);
    together.insert(together.end(), part.begin(), part.end());
  }
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, MomentsOf(arrivals));
  EXPECT_EQ(arrivals.Left(), together.size());
}

TEST(ScheduleTest, GivenMomentsAreTakenAsTheyAre) {
  const absl::StatusOr<std::vector<int64_t>> moments =
      ParseMoments("# from a trace\n0\n1.5ms\n\n1.5ms\r\n2s");
  ASSERT_TRUE(moments.ok()) << moments.status();
  EXPECT_THAT(MomentsOf(Arrivals::At(*moments)), ElementsAre(0, 1'500'000, 1'500'000, 2 * kSecond));
}

TEST(ScheduleTest, AWrongScheduleIsToldWhatIsWrong) {
  const auto why = [](const auto& parsed) { return std::string(parsed.status().message()); };
  for (const char* rate : {"", "fast", "0", "-1", "1e9", "200M", "10 /s", "5k/m"})
    EXPECT_THAT(why(ParseRate(rate)), HasSubstr("is not a rate")) << rate;
  EXPECT_EQ(*ParseRate("1.5M/s"), 1.5e6);
  EXPECT_EQ(*ParseRate("20k"), 20e3);
  EXPECT_EQ(*ParseRate("100M"), kRateMost);
  EXPECT_THAT(why(ParseSteps("100,,200", kSecond)), HasSubstr("\"\" is not a rate"));
  std::string many = "1";
  for (size_t i = 1; i < kStagesMax; ++i) many += ",1";
  EXPECT_TRUE(ParseSteps(many, kSecond).ok());
  EXPECT_THAT(why(ParseSteps(many + ",1", kSecond)), HasSubstr("17 steps; 16 are the limit"));
  EXPECT_THAT(why(ParseRamp("100", kSecond)), HasSubstr("write FROM..TO"));
  EXPECT_THAT(why(ParseRamp("100..", kSecond)), HasSubstr("is not a rate"));
  EXPECT_THAT(why(ParseMoments("\n# none\n")), HasSubstr("there is no moment"));
  EXPECT_THAT(why(ParseMoments("1ms\n5")), HasSubstr("line 2: \"5\" is not a duration"));
  EXPECT_THAT(why(ParseMoments("2ms\n1ms")), HasSubstr("line 2: 1ms is before the moment above"));
  EXPECT_THAT(why(ParseMoments("2h")), HasSubstr("line 1: 2h is beyond"));
}

}  // namespace
}  // namespace jackfield::load
