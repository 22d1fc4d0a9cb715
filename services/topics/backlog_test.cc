// What a full queue does, by its policy, and that every item is either given out or counted as
// missed, in its place.
#include "services/topics/backlog.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace jackfield::topics {
namespace {

struct Sized {
  uint64_t number;
  size_t bytes = 1;
  size_t size() const { return bytes; }
};
using Queue = Backlog<Sized>;

// What comes out, as pairs of the number and what is missed before it.
std::vector<std::pair<uint64_t, uint64_t>> Drained(Queue& queue) {
  std::vector<std::pair<uint64_t, uint64_t>> out;
  while (std::optional<Queue::Next> next = queue.Pop())
    out.emplace_back(next->item.number, next->missed);
  return out;
}
using Out = std::vector<std::pair<uint64_t, uint64_t>>;

TEST(BacklogTest, WhatHasRoomComesOutInOrderAndNothingIsMissed) {
  Queue queue(WhenFull::DropOldest, 3, 100);
  for (uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(queue.Push({i}), Queue::Pushed::kWhole);
  EXPECT_EQ(Drained(queue), (Out{{1, 0}, {2, 0}, {3, 0}}));
  EXPECT_EQ(queue.missed(), 0u);
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(BacklogTest, TheOldestMakesRoomAndTheNextIsToldHowMany) {
  Queue queue(WhenFull::DropOldest, 3, 100);
  for (uint64_t i = 1; i <= 8; ++i)
    EXPECT_EQ(queue.Push({i}), i <= 3 ? Queue::Pushed::kWhole : Queue::Pushed::kMissed);
  EXPECT_EQ(Drained(queue), (Out{{6, 5}, {7, 0}, {8, 0}}));
  EXPECT_EQ(queue.missed(), 5u);
}

TEST(BacklogTest, TheNewestIsNotTakenAndTheGapIsWhereItWas) {
  Queue queue(WhenFull::DropNewest, 2, 100);
  for (uint64_t i = 1; i <= 5; ++i) queue.Push({i});
  EXPECT_EQ(queue.Pop()->item.number, 1u);
  queue.Push({6});
  EXPECT_EQ(Drained(queue), (Out{{2, 0}, {6, 3}}));
  EXPECT_EQ(queue.missed(), 3u);
}

TEST(BacklogTest, WhereItIsTheEndNothingChanges) {
  Queue queue(WhenFull::End, 2, 100);
  queue.Push({1});
  queue.Push({2});
  EXPECT_EQ(queue.Push({3}), Queue::Pushed::kEnd);
  EXPECT_EQ(Drained(queue), (Out{{1, 0}, {2, 0}}));
  EXPECT_EQ(queue.missed(), 0u);
}

TEST(BacklogTest, BytesAreABoundTooButOneItemAlwaysHasRoom) {
  Queue queue(WhenFull::DropOldest, 100, 10);
  queue.Push({1, 4});
  queue.Push({2, 6});
  EXPECT_EQ(queue.Push({3, 6}), Queue::Pushed::kMissed);
  EXPECT_EQ(queue.bytes(), 6u) << "both had to go";
  EXPECT_EQ(queue.Push({4, 50}), Queue::Pushed::kMissed);
  EXPECT_EQ(Drained(queue), (Out{{4, 3}}));
  EXPECT_EQ(queue.Push({5, 50}), Queue::Pushed::kWhole);
}

TEST(BacklogTest, WhatIsGivenUpIsToldWithTheNext) {
  Queue queue(WhenFull::DropNewest, 2, 100);
  for (uint64_t i = 1; i <= 3; ++i) queue.Push({i});
  queue.DropAll();
  queue.Push({4});
  EXPECT_EQ(Drained(queue), (Out{{4, 3}}));
}

TEST(BacklogTest, TheCountsAreExactWhateverComesAndGoes) {
  for (const WhenFull when_full : {WhenFull::DropOldest, WhenFull::DropNewest}) {
    std::mt19937 random(7);
    Queue queue(when_full, 5, 40);
    uint64_t pushed = 0, last = 0;
    const auto take = [&] {
      std::optional<Queue::Next> next = queue.Pop();
      if (!next.has_value()) return false;
      EXPECT_EQ(next->item.number, last + next->missed + 1);
      last = next->item.number;
      return true;
    };
    for (int i = 0; i < 20'000; ++i) {
      if (random() % 5 < 3) {
        queue.Push({++pushed, 1 + random() % 20});
        EXPECT_TRUE(queue.items() <= 5 && queue.bytes() <= 40);
      } else {
        take();
      }
      if (random() % 500 == 0) queue.DropAll();
    }
    queue.DropAll();
    queue.Push({++pushed});
    ASSERT_TRUE(take());
    EXPECT_EQ(last, pushed);
    EXPECT_GT(queue.missed(), 0u);
  }
}

}  // namespace
}  // namespace jackfield::topics
