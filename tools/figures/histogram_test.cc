#include "tools/figures/histogram.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield::figures {
namespace {

TEST(HistogramTest, EmptyOneAnswersZero) {
  const auto histogram = std::make_unique<Histogram>();
  EXPECT_EQ(histogram->count(), 0u);
  EXPECT_EQ(histogram->Quantile(0.5), 0u);
  EXPECT_EQ(histogram->max_ns(), 0u);
}

TEST(HistogramTest, SmallValuesAreExact) {
  auto histogram = std::make_unique<Histogram>();
  for (uint64_t value = 1; value <= 1000; ++value) histogram->Add(value);
  EXPECT_EQ(histogram->Quantile(0), 1u);
  EXPECT_EQ(histogram->Quantile(0.5), 500u);
  EXPECT_EQ(histogram->Quantile(0.99), 990u);
  EXPECT_EQ(histogram->Quantile(0.999), 999u);
  EXPECT_EQ(histogram->Quantile(1), 1000u);
}

// Values over seven decades, against the same values sorted.
TEST(HistogramTest, QuantilesAreWithinOneThousandth) {
  std::mt19937_64 random(7);
  std::vector<uint64_t> values;
  auto histogram = std::make_unique<Histogram>();
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = 10 + (random() >> (24 + random() % 32));
    values.push_back(value);
    histogram->Add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    const auto exact = static_cast<double>(values[static_cast<size_t>(quantile * 100'000) - 1]);
    EXPECT_NEAR(static_cast<double>(histogram->Quantile(quantile)), exact, exact / 1000)
        << quantile;
  }
  EXPECT_EQ(histogram->max_ns(), values.back());
}

TEST(HistogramTest, EveryPowerOfTwoAndItsNeighboursKeepTheirValue) {
  for (int bits = 1; bits <= 41; ++bits) {
    for (const int64_t step : {-1, 0, 1}) {
      const uint64_t value =
          std::min((uint64_t{1} << bits) + static_cast<uint64_t>(step), Histogram::kValueNsMax);
      auto histogram = std::make_unique<Histogram>();
      histogram->Add(value);
      EXPECT_NEAR(static_cast<double>(histogram->Quantile(0.5)), static_cast<double>(value),
                  static_cast<double>(value) / 1000);
    }
  }
}

TEST(HistogramTest, LongestDurationIsNotLostButCountedAtTheEnd) {
  auto histogram = std::make_unique<Histogram>();
  histogram->Add(UINT64_MAX);
  histogram->Add(5);
  EXPECT_EQ(histogram->count(), 2u);
  EXPECT_EQ(histogram->max_ns(), UINT64_MAX);
  EXPECT_GE(histogram->Quantile(1), Histogram::kValueNsMax / 1001 * 1000);
}

TEST(HistogramTest, MergedOnesCountAsOne) {
  auto a = std::make_unique<Histogram>(), b = std::make_unique<Histogram>();
  for (uint64_t value = 1; value <= 50; ++value) a->Add(value);
  for (uint64_t value = 51; value <= 100; ++value) b->Add(value);
  a->Merge(*b);
  EXPECT_EQ(a->count(), 100u);
  EXPECT_EQ(a->Quantile(0.5), 50u);
  EXPECT_EQ(a->max_ns(), 100u);
}

}  // namespace
}  // namespace jackfield::figures
