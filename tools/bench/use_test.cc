#include "tools/bench/use.h"

#include <unistd.h>

#include "gtest/gtest.h"

namespace jackfield::bench {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

TEST(NoiseTest, IsWhatTheWorseSideWaitedForOthers) {
  const SideUse sides[] = {{.waited_ns = 4'000'000, .runs = 1},
                           {.waited_ns = 50'000'000, .runs = 1000}};
  EXPECT_NEAR(NoiseOf(sides, kSecondNs, false).value(), 0.048, 1e-9);
}

// A side that sleeps is woken before it runs, without anybody else on its CPU.
TEST(NoiseTest, IsNotTheTimeThatWakingTakes) {
  const SideUse sides[] = {{.waited_ns = 40'000'000, .runs = 25'000},
                           {.waited_ns = 40'000'000, .runs = 25'000}};
  EXPECT_EQ(NoiseOf(sides, kSecondNs, false).value(), 0);
}

TEST(NoiseTest, OnOneCpuTheSidesWaitForEachOther) {
  const SideUse alone[] = {{.cpu_ns = kSecondNs / 2, .waited_ns = kSecondNs / 2, .runs = 9},
                           {.cpu_ns = kSecondNs / 2, .waited_ns = kSecondNs / 2, .runs = 9}};
  EXPECT_EQ(NoiseOf(alone, kSecondNs, true).value(), 0);
  const SideUse disturbed[] = {{.cpu_ns = kSecondNs / 4, .waited_ns = kSecondNs / 2, .runs = 9},
                               {.cpu_ns = kSecondNs / 4, .waited_ns = kSecondNs / 2, .runs = 9}};
  EXPECT_DOUBLE_EQ(NoiseOf(disturbed, kSecondNs, true).value(), 0.5);
}

TEST(NoiseTest, IsUnknownWhereTheSystemDoesNotTell) {
  const SideUse sides[] = {{}, {}};
  EXPECT_FALSE(NoiseOf(sides, kSecondNs, false).has_value());
  EXPECT_FALSE(NoiseOf(sides, 0, false).has_value());
}

TEST(WaitsTest, OfThisThreadAreToldAndOfNoneAreNot) {
  if (access("/proc/self/schedstat", R_OK) != 0) GTEST_SKIP() << "no schedstat here";
  EXPECT_GT(ReadWaits(gettid()).runs, 0u);
  EXPECT_EQ(ReadWaits(-1).runs, 0u);
}

}  // namespace
}  // namespace jackfield::bench
