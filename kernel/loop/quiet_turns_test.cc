#include "kernel/loop/quiet_turns.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr size_t kMany = QuietTurns::kFewAwake + 1;

// Passes in which looks at things that are awake bring what they bring.
void Passes(QuietTurns& turns, int count, uint32_t useful, uint32_t vain) {
  for (int i = 0; i < count; ++i) turns.Note(useful + vain + kMany, useful, vain);
}

TEST(QuietTurns, BeginsWithTheMost) { EXPECT_EQ(QuietTurns().most(), QuietTurns::kMost); }

TEST(QuietTurns, FallsToNoneWhileMostLooksAreInVain) {
  QuietTurns turns;
  Passes(turns, 100, 10, 150);
  EXPECT_EQ(turns.most(), 0u);
}

TEST(QuietTurns, FewThatAreAwakeHaveTheMostAndChangeNothing) {
  QuietTurns turns;
  Passes(turns, 100, 0, 100);
  ASSERT_EQ(turns.most(), 0u);
  turns.Note(QuietTurns::kFewAwake, 0, 8);
  EXPECT_EQ(turns.most(), QuietTurns::kMost);
  turns.Note(100, 0, 100);
  EXPECT_EQ(turns.most(), 0u) << "what was learned of many still holds";
}

TEST(QuietTurns, GrowsAgainWhenLooksBringSomething) {
  QuietTurns turns;
  Passes(turns, 100, 0, 100);
  ASSERT_EQ(turns.most(), 0u);
  Passes(turns, 100, 10, 5);
  EXPECT_EQ(turns.most(), QuietTurns::kMost);
}

TEST(QuietTurns, StaysWhereTwoLooksAreInVainForOneThatIsUseful) {
  QuietTurns turns;
  Passes(turns, 3, 0, 100);
  const uint32_t fallen = turns.most();
  Passes(turns, 200, 100, 150);
  const uint32_t settled = turns.most();
  Passes(turns, 200, 100, 150);
  EXPECT_LE(settled, fallen);
  EXPECT_EQ(turns.most(), settled);
}

// The sums of a loop that runs for years stay what they are after a while.
TEST(QuietTurns, SumsDoNotOverflowWithTenThousandAwake) {
  QuietTurns turns;
  Passes(turns, 1000, 16'000, 1'000);
  EXPECT_EQ(turns.most(), QuietTurns::kMost);
  Passes(turns, 1000, 1'000, 16'000);
  EXPECT_EQ(turns.most(), 0u);
}

}  // namespace
}  // namespace jackfield
