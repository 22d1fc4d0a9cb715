// The simulated runs, in short: the full sweep is a program (README.md).
#include <gtest/gtest.h>

#include "tests/sim/run.h"

namespace jackfield::sim_test {
namespace {

constexpr uint64_t kSeeds = 1'000;

TEST(Simulation, HoldsEveryRuleInAThousandSeeds) {
  uint64_t calls = 0, losses = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const RunResult result = RunSeed(seed);
    for (const std::string& violation : result.violations)
      ADD_FAILURE() << "seed " << seed << " (" << result.scenario << "): " << violation;
    calls += result.calls;
    losses += result.losses;
  }
  EXPECT_GT(calls, 10'000u);  // the runs are not empty
  EXPECT_GT(losses, 100u);
}

TEST(Simulation, GivesTheSameTraceForTheSameSeed) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const RunResult first = RunSeed(seed);
    const RunResult second = RunSeed(seed);
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.outcomes, second.outcomes) << "seed " << seed;
  }
}

TEST(Simulation, GivesAnotherTraceForAnotherSeed) {
  EXPECT_NE(RunSeed(1).trace_hash, RunSeed(2).trace_hash);
}

}  // namespace
}  // namespace jackfield::sim_test
