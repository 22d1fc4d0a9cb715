// The explorer's short form: two preemptions, an old value once, a kill after every store.
// explore.cc has the long form.
#include "gtest/gtest.h"
#include "tests/ring/scenario.h"

namespace jackfield::ring_model {
namespace {

constexpr Bounds kBounds = {2, 1, true, UINT64_MAX};

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kCoroutinesWork = false;  // these sanitizers lose track of stacks that change
#else
constexpr bool kCoroutinesWork = true;
#endif

TEST(Lane, HoldsInEveryOrderWithEveryOldValueAndEveryDeath) {
  if (!kCoroutinesWork) GTEST_SKIP() << "this sanitizer loses track of stacks that change";
  for (const Scenario& scenario : Scenarios()) {
    const Exploration result = Explore(scenario, Mutant::kNone, kBounds);
    EXPECT_TRUE(result.kept) << scenario.name << ": " << result.failure;
    EXPECT_TRUE(result.exhausted) << scenario.name;
    EXPECT_GT(result.kills, 1000u) << scenario.name;
  }
}

class Mistake : public testing::TestWithParam<int> {};

TEST_P(Mistake, IsNoticed) {
  if (!kCoroutinesWork) GTEST_SKIP() << "this sanitizer loses track of stacks that change";
  const auto mutant = static_cast<Mutant>(GetParam());
  for (const Scenario& scenario : Scenarios()) {
    if (!Explore(scenario, mutant, kBounds).kept) return;
  }
  FAIL() << "nothing noticed that " << NameOf(mutant);
}

INSTANTIATE_TEST_SUITE_P(Each, Mistake,
                         testing::Range(static_cast<int>(Mutant::kNone) + 1,
                                        static_cast<int>(Mutant::kEnd)));

}  // namespace
}  // namespace jackfield::ring_model
