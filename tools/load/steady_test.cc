#include "tools/load/steady.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "gtest/gtest.h"
#include "tools/load/random.h"

namespace jackfield::load {
namespace {

constexpr size_t kCount = 20;
using Kind = Steadiness::Kind;

// Batches of 100 calls with a p50 of `p50_us(i)`, of which `ended(i)` end in it.
std::vector<BatchFigures> Batches(const std::function<double(double)>& p50_us,
                                  const std::function<double(double)>& ended) {
  std::vector<BatchFigures> batches;
  for (size_t i = 0; i < kCount; ++i) {
    const auto x = static_cast<double>(i);
    const auto p50_ns = static_cast<int64_t>(p50_us(x) * 1000);
    batches.push_back({100, static_cast<uint64_t>(ended(x)), p50_ns, p50_ns * 3});
  }
  return batches;
}

double All(double) { return 100; }

TEST(SteadyTest, ARunWithoutATrendIsSteadyFromItsBeginning) {
  uint64_t random = 5;
  const Steadiness found =
      JudgeSteadiness(Batches([&](double) { return 50 + 30 * UniformOf(random); }, All));
  EXPECT_EQ(found.kind, Kind::kSteady);
  EXPECT_EQ(found.warmup_batches, 0u);
}

TEST(SteadyTest, WarmUpEndsWhereTheTrendDoes) {
  uint64_t random = 5;
  const Steadiness found = JudgeSteadiness(
      Batches([&](double i) { return 50 + 5 * UniformOf(random) + 1000 * std::exp(-i); }, All));
  EXPECT_EQ(found.kind, Kind::kSteady);
  EXPECT_GE(found.warmup_batches, 1u);
  EXPECT_LE(found.warmup_batches, 8u);
}

TEST(SteadyTest, ARunThatChangesToItsEndIsNotSteady) {
  const Steadiness found = JudgeSteadiness(Batches([](double i) { return 1000 - 40 * i; }, All));
  EXPECT_EQ(found.kind, Kind::kUnsettled);
}

// Each batch 5 of 100 calls more do not end in time.
TEST(SteadyTest, LatencyThatRisesWhileCallsPileUpIsOverload) {
  const Steadiness found =
      JudgeSteadiness(Batches([](double i) { return 100 + 5000 * i; }, [](double) { return 95; }));
  EXPECT_EQ(found.kind, Kind::kOverloaded);
  EXPECT_LT(found.from_ns, found.to_ns);
}

// Latency may seem to settle, where those that end are not those that came first.
TEST(SteadyTest, CallsThatPileUpAreOverloadWhateverTheirLatencies) {
  const Steadiness found = JudgeSteadiness(Batches(
      [](double i) { return std::min(i, 9.0) * 300'000 + 100; }, [](double) { return 65; }));
  EXPECT_EQ(found.kind, Kind::kOverloaded);
  EXPECT_EQ(found.warmup_batches, 0u);
}

TEST(SteadyTest, LatencyThatRisesWhileAllCallsEndIsNoOverload) {
  const Steadiness found = JudgeSteadiness(Batches([](double i) { return 10 + i; }, All));
  EXPECT_EQ(found.kind, Kind::kUnsettled);
}

// 3 batches of 20 are slow, in the middle: a stall of the service is part of what it does.
TEST(SteadyTest, AStallIsNoTrend) {
  const Steadiness found =
      JudgeSteadiness(Batches([](double i) { return i >= 8 && i < 11 ? 300'000.0 : 60.0; },
                              [](double i) {
                                return i == 8 || i == 9 ? 0.0 : i == 10 ? 300.0 : 100.0;
                              }));
  EXPECT_EQ(found.kind, Kind::kSteady);
}

TEST(SteadyTest, WithFewCallsNothingIsKnown) {
  std::vector<BatchFigures> batches = Batches([](double i) { return 100 + 5000 * i; }, All);
  batches[7].due = kBatchCallsLeast - 1;
  EXPECT_EQ(JudgeSteadiness(batches).kind, Kind::kUnknown);
  batches[7].due = kBatchCallsLeast;
  EXPECT_NE(JudgeSteadiness(batches).kind, Kind::kUnknown);
}

// Values by chance have a trend in at most 1 % of cases, and a few more for chance.
TEST(SteadyTest, ChanceIsSeldomTakenForATrend) {
  uint64_t random = 11;
  int trends = 0;
  for (int run = 0; run < 1000; ++run) {
    std::vector<double> values;
    for (size_t i = 0; i < kCount; ++i) values.push_back(1 + 3 * UniformOf(random));
    trends += TrendOf(values, 1.0) != 0;
  }
  EXPECT_LE(trends, 20);
}

TEST(SteadyTest, AChangeThatDoesNotMatterIsNoTrend) {
  std::vector<double> values;
  for (int i = 0; i < 20; ++i) values.push_back(100 + i * 0.1);
  EXPECT_EQ(TrendOf(values, kTrendRate), 0);
  EXPECT_EQ(TrendOf(values, 1.01), 1);
}

}  // namespace
}  // namespace jackfield::load
