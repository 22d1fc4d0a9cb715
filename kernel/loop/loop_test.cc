// A loop by itself, without links: what it pumps, and on whose behalf code runs.
#include "kernel/loop/loop.h"

#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// Has some pieces of work; ends some turns after it was asked to.
class Worker final : public Pumped {
 public:
  struct Seen {
    int turns = 0, resting = 0, rests = 0;
    bool destroyed = false;
  };
  Worker(Seen& seen, int pieces, int turns_to_end = 0)
      : seen_(seen), pieces_(pieces), turns_to_end_(turns_to_end) {}
  ~Worker() override { seen_.destroyed = true; }
  void Turn(bool resting) override {
    woken_ = false;
    ++seen_.turns;
    seen_.resting += resting ? 1 : 0;
    if (ending_ && turns_to_end_ > 0) --turns_to_end_;
    if (pieces_ == 0) return;
    --pieces_;
    ++activity_;
  }
  void Rest() override { ++seen_.rests; }
  bool StaysAwake() const override { return stays_awake; }
  void End() override { ending_ = true; }
  bool ended() const override { return ending_ && turns_to_end_ == 0; }

  void GiveWork() { ++pieces_; }
  void LooksForNothing() { look_costs_ = 0; }

  bool stays_awake = false;

 private:
  Seen& seen_;
  int pieces_;
  int turns_to_end_;
  bool ending_ = false;
};

class LoopTest : public testing::TestWithParam<LoopOptions::Wait> {
 protected:
  LoopTest() : loop_(Loop::Create({.wait = GetParam()}).value()) {}
  Worker& Add(int pieces, int turns_to_end = 0) {
    auto worker = std::make_unique<Worker>(seen_, pieces, turns_to_end);
    Worker& added = *worker;
    loop_->Add(std::move(worker));
    return added;
  }
  void Turns(int turns) {
    for (int i = 0; i < turns; ++i) loop_->Turn(Loop::kDoNotSleep);
  }

  // Many workers, each of which is given a piece of work once in `period` turns.
  struct Many {
    std::vector<Worker*> workers;
    int period, given = 0;
  };
  Many AddMany(int period) {
    Many many{{}, period};
    for (int i = 0; i < kAtOnce * period; ++i) {
      many.workers.push_back(&Add(0));
      many.workers.back()->stays_awake = true;
    }
    return many;
  }
  void Work(Many& many, int periods) {
    for (int turn = 0; turn < periods * many.period; ++turn) {
      for (int i = 0; i < kAtOnce; ++i) {
        Worker& worker = *many.workers[static_cast<size_t>(turn % many.period * kAtOnce + i)];
        worker.GiveWork();
        loop_->Wake(worker);
        ++many.given;
      }
      Turns(1);
    }
  }

  static constexpr int kAtOnce = 10;
  Worker::Seen seen_;
  std::unique_ptr<Loop> loop_;
};

TEST_P(LoopTest, WhatHasNothingToDoIsToldToRestAndLeftAloneUntilItIsWoken) {
  Worker& worker = Add(3);
  Turns(10);
  EXPECT_EQ(seen_.turns, 5) << "three pieces, a turn without one, and one before it rests";
  EXPECT_EQ(seen_.resting, 1);
  EXPECT_EQ(seen_.rests, 1);
  loop_->Wake(worker);
  Turns(10);
  EXPECT_EQ(seen_.turns, 7);
  EXPECT_EQ(seen_.rests, 2);
}

TEST_P(LoopTest, WhatMayHaveMoreSoonIsAskedAgainWithoutBeingWoken) {
  Worker& worker = Add(0);
  worker.stays_awake = true;
  Turns(10);
  EXPECT_EQ(seen_.turns, 10);
  EXPECT_EQ(seen_.rests, 0);
}

TEST_P(LoopTest, OfManyOneThatHasWorkSeldomRestsAtOnceAndIsNotLookedAtInVain) {
  Many many = AddMany(40);
  Work(many, 8);  // it is learned
  const int given_before = many.given;
  seen_ = {};
  Work(many, 10);
  const int given = many.given - given_before;
  EXPECT_EQ(seen_.turns - seen_.resting, given) << "one look for each piece of work";
  EXPECT_EQ(seen_.resting, given);
}

TEST_P(LoopTest, OfManyOneThatHasWorkSoonAgainStaysAwake) {
  Many many = AddMany(5);
  Work(many, 8);
  seen_ = {};
  Work(many, 10);
  EXPECT_EQ(seen_.rests, 0);
}

TEST_P(LoopTest, LooksThatCostNothingAreMadeHoweverSeldomTheyPay) {
  constexpr int kMany = 200, kMost = 16;
  std::vector<Worker*> workers;
  for (int i = 0; i < kMany; ++i) {
    workers.push_back(&Add(0));
    workers.back()->stays_awake = true;
    workers.back()->LooksForNothing();
  }
  for (int round = 0; round < 8; ++round) {
    Turns(100);
    seen_ = {};
    for (Worker* worker : workers) {
      worker->GiveWork();
      loop_->Wake(*worker);
    }
    Turns(100);
  }
  EXPECT_EQ(seen_.turns, kMany * (1 + kMost + 1))
      << "the piece of work, those that are quiet, and one before it rests";
}

TEST_P(LoopTest, WhatIsRemovedIsDestroyedWhenItHasEndedAndNotBefore) {
  Worker& worker = Add(0, 3);
  Turns(2);
  loop_->Remove(worker);
  EXPECT_FALSE(seen_.destroyed);
  for (int i = 0; i < 3 && !seen_.destroyed; ++i) {
    loop_->Wake(worker);
    Turns(1);
  }
  EXPECT_TRUE(seen_.destroyed);
}

TEST_P(LoopTest, ItsEndEndsWhatItPumps) {
  Add(0);
  loop_.reset();
  EXPECT_TRUE(seen_.destroyed);
}

TEST_P(LoopTest, ACoroutineThatWaitedRunsOnBehalfOfWhomItDidBefore) {
  int who = 0;
  void* seen = nullptr;
  loop_->Defer([&] {
    loop_->SetContext(&who);
    loop_->Spawn([](Loop&) -> Task<void> { co_return; }(*loop_));
  });
  loop_->Defer([&] { seen = loop_->context(); });
  Turns(3);
  EXPECT_EQ(seen, nullptr) << "another piece of work has nobody";

  void* after = nullptr;
  Task<void> task = [](Loop& loop, void*& after) -> Task<void> {
    co_await loop.Sleep(0s);
    after = loop.context();
  }(*loop_, after);
  int done = 0;
  loop_->Defer([&] {
    loop_->SetContext(&who);
    task.Start([](void* count) { ++*static_cast<int*>(count); }, &done);
  });
  loop_->RunUntil([&] { return done == 1; });
  EXPECT_EQ(after, &who);
  EXPECT_EQ(loop_->context(), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Reactors, LoopTest,
                         testing::Values(LoopOptions::Wait::kAny, LoopOptions::Wait::kEpoll));

}  // namespace
}  // namespace jackfield
