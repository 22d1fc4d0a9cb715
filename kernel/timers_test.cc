#include "kernel/timers.h"

#include <algorithm>
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
