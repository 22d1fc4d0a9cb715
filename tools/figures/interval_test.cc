#include "tools/figures/interval.h"

#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield::figures {
namespace {

TEST(IntervalTest, IsStudentsOfTheMean) {
  const std::vector<double> values = {1, 2, 3, 4};
  const Interval interval = IntervalOf(values);
  EXPECT_DOUBLE_EQ(interval.mean, 2.5);
  EXPECT_NEAR(interval.half, 3.182 * std::sqrt(5.0 / 3 / 4), 1e-3);
}

TEST(IntervalTest, HoldsTheTruthInNineteenOfTwentyCases) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(5, 1);
  int outside = 0;
  for (int run = 0; run < 2000; ++run) {
    std::vector<double> values;
    for (int i = 0; i < 8; ++i) values.push_back(normal(random));
    const Interval interval = IntervalOf(values);
    outside += std::abs(interval.mean - 5) > interval.half;
  }
  EXPECT_NEAR(outside, 100, 40);
}

TEST(MedianTest, IsTheMiddleAndOfTwoTheHigherOne) {
  EXPECT_EQ(MedianOf({7}), 7);
  EXPECT_EQ(MedianOf({3, 1, 2}), 2);
  EXPECT_EQ(MedianOf({4, 1, 3, 2}), 3);
}

}  // namespace
}  // namespace jackfield::figures
