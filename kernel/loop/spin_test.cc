#include "kernel/loop/spin.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(Spin, GoesOnWhileWaitsAreShort) {
  Spin spin(Spin::kLearned, true);
  for (int i = 0; i < 1000; ++i) {
    const int64_t budget_ns = spin.BudgetNs();
    ASSERT_GT(budget_ns, 0);
    ASSERT_LE(budget_ns, Spin::kSpinNsMax);
    spin.Ended(3'000, budget_ns, false);
  }
}

TEST(Spin, StopsWhenItNeverPaysAndProbesLessAndLess) {
  Spin spin(Spin::kLearned, true);
  int spun = 0;
  for (int i = 0; i < 20'000; ++i) {
    const int64_t budget_ns = spin.BudgetNs();
    spun += budget_ns > 0;
    spin.Ended(500'000, budget_ns, false);
  }
  EXPECT_LT(spun, 100);
  EXPECT_GT(spun, 4) << "it must find out when waits become short again";
}

TEST(Spin, LearnsAgainByAProbe) {
  Spin spin(Spin::kLearned, true);
  for (int i = 0; i < 10; ++i) spin.Ended(500'000, spin.BudgetNs(), false);
  int tries = 0;
  while (spin.BudgetNs() == 0 && tries++ < 100'000) spin.Ended(500'000, 0, false);
  spin.Ended(3'000, Spin::kProbeNs, false);
  EXPECT_GT(spin.BudgetNs(), 0);
}

TEST(Spin, NeverWhereThePeerMayNeedThisCpu) {
  Spin spin(Spin::kLearned, false);
  EXPECT_EQ(spin.BudgetNs(), 0);
}

TEST(Spin, ObeysAFixedTime) {
  Spin none(0, true), fixed(7'000, true), always(Spin::kAlways, true);
  for (int i = 0; i < 50; ++i) {
    none.Ended(1, none.BudgetNs(), false);
    fixed.Ended(1'000'000, fixed.BudgetNs(), true);
  }
  EXPECT_EQ(none.BudgetNs(), 0);
  EXPECT_EQ(fixed.BudgetNs(), 7'000);
  EXPECT_EQ(always.BudgetNs(), Spin::kAlways);
}

}  // namespace
}  // namespace jackfield
