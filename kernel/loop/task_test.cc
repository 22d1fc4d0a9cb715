#include "kernel/loop/task.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

// Somebody to wait for: resumes whoever awaits it when told.
class Bell {
 public:
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  void await_resume() {}
  void Ring() { std::exchange(waiting_, nullptr).resume(); }

 private:
  std::coroutine_handle<> waiting_;
};

// Counts itself, to see that a coroutine's locals are destroyed with it.
struct Counted {
  explicit Counted(int& count) : count(count) { ++count; }
  ~Counted() { --count; }
  Counted(const Counted&) = delete;
  int& count;
};

void CountDone(void* user) { ++*static_cast<int*>(user); }

Task<int> Say(int number, bool& started) {
  started = true;
  co_return number;
}

TEST(Task, DoesNothingUntilItIsStarted) {
  bool started = false;
  {
    const Task<int> task = Say(7, started);
    EXPECT_FALSE(task.done());
  }
  EXPECT_FALSE(started);
  Task<int> task = Say(7, started);
  int done = 0;
  task.Start(CountDone, &done);
  EXPECT_TRUE(started);
  EXPECT_EQ(done, 1) << "it did not wait, so it is over at once";
  EXPECT_TRUE(task.done());
  EXPECT_EQ(task.TakeResult(), 7);
}

Task<int> Add(Bell& bell, int& alive, int left, int right) {
  const Counted local(alive);
  co_await bell;
  co_return left + right;
}
Task<std::string> Describe(Bell& bell, int& alive) {
  const Counted local(alive);
  const int sum = co_await Add(bell, alive, 3, 4);
  co_return "sum " + std::to_string(sum);
}

TEST(Task, GoesOnWhereItWaitedAndReturnsThroughEachThatAwaitsIt) {
  Bell bell;
  int alive = 0, done = 0;
  Task<std::string> task = Describe(bell, alive);
  task.Start(CountDone, &done);
  EXPECT_EQ(alive, 2);
  EXPECT_EQ(done, 0);
  bell.Ring();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(task.TakeResult(), "sum 7");
}

TEST(Task, DestroyedWhileItWaitsTakesItsLocalsAndWhatItAwaitsWithIt) {
  Bell bell;
  int alive = 0, done = 0;
  {
    Task<std::string> task = Describe(bell, alive);
    task.Start(CountDone, &done);
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(done, 0) << "it has not ended";
}

Task<std::unique_ptr<int>> Own(int number) { co_return std::make_unique<int>(number); }
Task<int> Open() {
  const std::unique_ptr<int> owned = co_await Own(5);
  co_return *owned;
}

TEST(Task, PassesOnWhatCanOnlyBeMoved) {
  Task<int> task = Open();
  int done = 0;
  task.Start(CountDone, &done);
  EXPECT_EQ(task.TakeResult(), 5);
}

TEST(Task, MovedLeavesNothingBehind) {
  bool started = false;
  Task<int> first = Say(1, started);
  Task<int> second = std::move(first);
  EXPECT_FALSE(static_cast<bool>(first));  // NOLINT: that is what is tested
  EXPECT_TRUE(static_cast<bool>(second));
  second = Task<int>();
}

// Ended by a task that it awaits, many times over: each step must not stand on the one before.
Task<int> One() { co_return 1; }
Task<int> Many(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await One();
  co_return sum;
}

TEST(Task, AwaitsAHundredThousandTasksWithoutGrowingItsStack) {
#ifdef NDEBUG
  constexpr int kCount = 100'000;
#else
  // The compiler turns the transfer into a jump only at -O2, which the sanitizers' builds have not.
  constexpr int kCount = 1000;
#endif
  Task<int> task = Many(kCount);
  int done = 0;
  task.Start(CountDone, &done);
  EXPECT_EQ(task.TakeResult(), kCount);
}

// ---- On a loop.

class TaskOnLoop : public testing::Test {
 protected:
  std::unique_ptr<Loop> loop_ = Loop::Create({.wait = LoopOptions::Wait::kEpoll}).value();
};

Task<void> SleepTwice(Loop& loop, int64_t ns, std::vector<int>& order, int number) {
  co_await loop.Sleep(nanoseconds(ns));
  order.push_back(number);
  co_await loop.Sleep(0s);
  order.push_back(-number);
}

TEST_F(TaskOnLoop, ItsFrameLiesInTheLoopsPoolAndIsGivenBack) {
  std::vector<int> order;
  const uint64_t before = loop_->blocks().bytes_in_use();
  loop_->Spawn(SleepTwice(*loop_, 1000, order, 1));
  EXPECT_GT(loop_->blocks().bytes_in_use(), before);
  loop_->RunUntil([&] { return order.size() == 2; });
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(loop_->blocks().bytes_in_use(), before);
}

TEST_F(TaskOnLoop, SleepersWakeInTheOrderOfTheirTimes) {
  std::vector<int> order;
  loop_->Spawn(SleepTwice(*loop_, 3'000'000, order, 3));
  loop_->Spawn(SleepTwice(*loop_, 1'000'000, order, 1));
  loop_->Spawn(SleepTwice(*loop_, 2'000'000, order, 2));
  loop_->RunUntil([&] { return order.size() == 6; });
  std::erase_if(order, [](int number) { return number < 0; });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

Task<void> HoldOn(Loop& loop, int& alive) {
  const Counted local(alive);
  co_await loop.Sleep(1h);
}

TEST_F(TaskOnLoop, ASpawnedOneGoesWithItsLoop) {
  int alive = 0;
  loop_->Spawn(HoldOn(*loop_, alive));
  loop_->Turn(Loop::kDoNotSleep);
  EXPECT_EQ(alive, 1);
  loop_.reset();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace jackfield
