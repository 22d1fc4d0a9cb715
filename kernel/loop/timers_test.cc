#include "kernel/loop/timers.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

struct Fired {
  std::vector<int64_t> due;
};

std::unique_ptr<Timer> Make(Fired& fired) {
  return std::make_unique<Timer>(
      [](Timer& timer) { static_cast<Fired*>(timer.user)->due.push_back(timer.due_ns()); }, &fired);
}

TEST(Timers, FireInOrderWhateverWasMovedAndCancelled) {
  Timers timers;
  Fired fired;
  std::vector<std::unique_ptr<Timer>> all;
  uint32_t random = 1;
  for (int i = 0; i < 2000; ++i) {
    all.push_back(Make(fired));
    random = random * 1664525 + 1013904223;
    timers.Arm(*all.back(), random % 10'000);
  }
  std::vector<int64_t> want;
  for (size_t i = 0; i < all.size(); ++i) {
    random = random * 1664525 + 1013904223;
    if (i % 3 == 0) timers.Cancel(*all[i]);
    if (i % 3 == 1) timers.Arm(*all[i], random % 10'000);
    if (all[i]->armed()) want.push_back(all[i]->due_ns());
  }
  std::sort(want.begin(), want.end());
  while (timers.FireDue(10'000, 64) > 0) {
  }
  EXPECT_EQ(fired.due, want);
  EXPECT_EQ(timers.next_ns(), Timers::kNever);
}

TEST(Timers, FireOnlyWhatIsDueAndAtMostSoMany) {
  Timers timers;
  Fired fired;
  std::vector<std::unique_ptr<Timer>> all;
  for (int i = 0; i < 10; ++i) timers.Arm(*all.emplace_back(Make(fired)), i);
  EXPECT_EQ(timers.FireDue(4, 3), 3);
  EXPECT_EQ(timers.FireDue(4, 100), 2);
  EXPECT_EQ(timers.next_ns(), 5);
  for (auto& timer : all) timers.Cancel(*timer);
}

// FAULTS G10: in order, and never more at once than the loop can spare.
TEST(Timers, AMillionThatAreAllDueFireInOrderInManyTurns) {
  constexpr int kCount = 1'000'000;
  constexpr int kAtOnce = 1000;
  Timers timers;
  struct Last {
    int64_t due_ns = -1;
    int fired = 0;
    bool in_order = true;
  } last;
  std::deque<Timer> all;
  for (int i = 0; i < kCount; ++i) {
    Timer& timer = all.emplace_back(
        [](Timer& timer) {
          auto* last = static_cast<Last*>(timer.user);
          last->in_order = last->in_order && last->due_ns <= timer.due_ns();
          last->due_ns = timer.due_ns();
          ++last->fired;
        },
        &last);
    timers.Arm(timer, int64_t{i} * 7919 % kCount);
  }
  for (int fired = 0; fired < kCount; fired += kAtOnce)
    ASSERT_EQ(timers.FireDue(kCount, kAtOnce), kAtOnce);
  EXPECT_EQ(last.fired, kCount);
  EXPECT_TRUE(last.in_order);
  EXPECT_EQ(timers.next_ns(), Timers::kNever);
}

// Otherwise one that has work left and comes back at once would keep all others, and the links,
// from their turn.
TEST(Timers, ATimerThatArmsItselfAgainFiresInALaterTurn) {
  Timers timers;
  struct Self {
    Timers* timers;
    int count = 0;
  } self{&timers};
  Timer timer(
      [](Timer& timer) {
        auto* self = static_cast<Self*>(timer.user);
        if (++self->count < 3) self->timers->Arm(timer, 0);
      },
      &self);
  timers.Arm(timer, 1);
  for (int count = 1; count <= 3; ++count) {
    EXPECT_EQ(timers.FireDue(100 + count, 10), 1);
    EXPECT_EQ(self.count, count);
  }
  EXPECT_FALSE(timer.armed());
}

}  // namespace
}  // namespace jackfield
