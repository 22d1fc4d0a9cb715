// The comparison of runs, and the search that stands on verdicts.
#include "tools/load/knee.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "tools/load/compare.h"
#include "tools/load/random.h"

namespace jackfield::load {
namespace {

double Normal(uint64_t& random) {
  return std::sqrt(-2 * std::log(1 - UniformOf(random))) *
         std::cos(2 * 3.14159265358979 * UniformOf(random));
}

// Two services that are the same, and two of which one is 10 % slower, in runs that scatter by 8 %.
TEST(CompareTest, TellsADifferenceFromChance) {
  uint64_t random = 17;
  int false_alarms = 0, found = 0;
  for (int run = 0; run < 200; ++run) {
    std::vector<double> same, slower;
    for (int pair = 0; pair < 20; ++pair) {
      same.push_back(0.08 * (Normal(random) - Normal(random)));
      slower.push_back(std::log(1.1) + 0.08 * (Normal(random) - Normal(random)));
    }
    false_alarms += RatioOf(same).differs();
    found += RatioOf(slower).differs();
  }
  EXPECT_LE(false_alarms, 20);
  EXPECT_GE(found, 180);
}

double KneeOf(double capacity, double begin, int* probes) {
  Knee knee(begin);
  for (*probes = 0; !knee.done() && *probes < 100; ++*probes) knee.Tell(knee.rate() <= capacity);
  EXPECT_TRUE(knee.done());
  EXPECT_LE(knee.holds(), capacity);
  return knee.holds();
}

TEST(KneeTest, FindsACapacityToFivePercentFromBothSides) {
  int probes = 0;
  for (const double capacity : {7.0, 882.0, 123'456.0}) {
    for (const double begin : {1.0, 100.0, 10'000'000.0}) {
      EXPECT_GE(KneeOf(capacity, begin, &probes), capacity / kKneeWidth) << capacity;
      EXPECT_LE(probes, 32);
    }
  }
}

TEST(KneeTest, EndsWhereNothingOrEverythingHolds) {
  int probes = 0;
  EXPECT_EQ(KneeOf(0, 100, &probes), 0);
  Knee all(100);
  while (!all.done()) all.Tell(true);
  EXPECT_EQ(all.fails(), 0);
  EXPECT_LE(all.holds(), kRateMost);
}

}  // namespace
}  // namespace jackfield::load
