#include "tools/figures/quantile.h"

#include <memory>

#include "gtest/gtest.h"

namespace jackfield::figures {
namespace {

TEST(QuantileTest, IsToldFromTenSamplesBeyondItOn) {
  EXPECT_EQ(SamplesFor(0.5), 20u);
  EXPECT_EQ(SamplesFor(0.99), 1000u);
  EXPECT_EQ(SamplesFor(0.999), 10'000u);
  const auto histogram = std::make_unique<Histogram>();
  for (uint64_t value = 1; value < 1000; ++value) histogram->Add(value);
  EXPECT_FALSE(QuantileOf(*histogram, 0.99).has_value());
  histogram->Add(1000);
  EXPECT_EQ(QuantileOf(*histogram, 0.99), 990);
}

}  // namespace
}  // namespace jackfield::figures
