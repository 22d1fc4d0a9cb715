// FAULTS C15, E8, E9, over io_uring and epoll: many more waits than the rings have places, waits
// that are cancelled while what they wait for happens, and numbers of descriptors that are used
// again at once: each wait completes exactly once, with what happened to its own descriptor.
#include "kernel/loop/reactor.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/owned_fd.h"

namespace jackfield {
namespace {

constexpr uint32_t kEntries = 8;  // and four times as many completions
constexpr int kWaits = 400;

OwnedFd Event(uint64_t count) {
  return OwnedFd(eventfd(static_cast<unsigned>(count), EFD_CLOEXEC | EFD_NONBLOCK));
}
void Ring(const OwnedFd& event) { ASSERT_EQ(eventfd_write(event.get(), 1), 0); }

struct Watch {
  explicit Watch(OwnedFd event) : event(std::move(event)) {}
  Op op{[](Op& op, int32_t result) {
          auto* watch = static_cast<Watch*>(op.user);
          ++watch->completions;
          watch->result = result;
        },
        this};
  OwnedFd event;
  int completions = 0;
  int32_t result = 0;
};

class ReactorTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Reactor>> made =
        GetParam() ? MakeUringReactor(sys_, kEntries) : MakeEpollReactor(sys_);
    if (!made.ok()) GTEST_SKIP() << made.status();
    reactor_ = *std::move(made);
  }
  void Finish() {
    while (reactor_->pending() > 0) reactor_->Wait(1'000'000);
    reactor_->Poll();
  }

  const Sys sys_{nullptr};
  std::unique_ptr<Reactor> reactor_;
};

TEST_P(ReactorTest, MoreWaitsThanTheRingsHavePlacesAllComplete) {
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < kWaits; ++i) watches.push_back(std::make_unique<Watch>(Event(i % 2)));
  for (const auto& watch : watches) reactor_->Start(watch->op, watch->event.get(), POLLIN);
  // Those that are ready already overflow the queue of completions before anybody looks.
  for (int turn = 0; turn < 100; ++turn) reactor_->Poll();
  for (const auto& watch : watches) {
    if (watch->completions == 0) Ring(watch->event);
  }
  Finish();
  for (const auto& watch : watches) {
    EXPECT_EQ(watch->completions, 1);
    EXPECT_EQ(watch->result, POLLIN);
  }
}

TEST_P(ReactorTest, ACompletionMayStartTheNextWaitThoughTheRingIsFull) {
  struct Chain {
    explicit Chain(Reactor& reactor) : reactor(reactor), event(Event(1)) {}
    Op op{[](Op& op, int32_t) {
            auto* chain = static_cast<Chain*>(op.user);
            if (++chain->rounds < 50) chain->reactor.Start(op, chain->event.get(), POLLIN);
          },
          this};
    Reactor& reactor;
    OwnedFd event;
    int rounds = 0;
  };
  std::vector<std::unique_ptr<Chain>> chains;
  for (int i = 0; i < 100; ++i) {
    chains.push_back(std::make_unique<Chain>(*reactor_));
    reactor_->Start(chains.back()->op, chains.back()->event.get(), POLLIN);
  }
  Finish();
  for (const auto& chain : chains) EXPECT_EQ(chain->rounds, 50);
}

TEST_P(ReactorTest, AWaitThatIsCancelledWhileItHappensCompletesOnce) {
  std::minstd_rand random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::unique_ptr<Watch>> watches;
    for (int i = 0; i < 20; ++i) {
      watches.push_back(std::make_unique<Watch>(Event(0)));
      reactor_->Start(watches.back()->op, watches.back()->event.get(), POLLIN);
    }
    if (random() % 2 == 0) reactor_->Poll();
    for (const auto& watch : watches) {
      switch (random() % 4) {
        case 0:
          reactor_->Cancel(watch->op);
          break;
        case 1:
          Ring(watch->event);
          break;
        case 2:
          Ring(watch->event);
          reactor_->Cancel(watch->op);
          break;
        default:
          reactor_->Cancel(watch->op);
          Ring(watch->event);
          if (random() % 2 == 0) reactor_->Cancel(watch->op);
      }
      if (random() % 8 == 0) reactor_->Poll();
    }
    Finish();
    for (const auto& watch : watches) {
      ASSERT_EQ(watch->completions, 1) << round;
      ASSERT_TRUE(watch->result == POLLIN || watch->result == -ECANCELED) << watch->result;
    }
  }
}

// The number, and the place in memory, of what was waited for before: the old wait's end must not
// be taken for the new one's.
TEST_P(ReactorTest, ADescriptorAndAnOpThatAreUsedAgainAtOnceGetOnlyTheirOwn) {
  Watch watch(Event(0));
  for (int round = 0; round < 1000; ++round) {
    reactor_->Start(watch.op, watch.event.get(), POLLIN);
    if (round % 3 == 0) reactor_->Poll();
    if (round % 5 == 0) Ring(watch.event);
    reactor_->Cancel(watch.op);
    Finish();
    ASSERT_EQ(watch.completions, 1) << round;
    const int number = watch.event.get();
    watch.event = OwnedFd();
    watch.event = Event(0);
    ASSERT_EQ(watch.event.get(), number) << "the number is used again";
    watch.completions = 0;
    // Nothing has happened to the new one.
    reactor_->Start(watch.op, watch.event.get(), POLLIN);
    for (int turn = 0; turn < 3; ++turn) reactor_->Poll();
    ASSERT_EQ(watch.completions, 0) << round;
    Ring(watch.event);
    Finish();
    ASSERT_EQ(watch.completions, 1) << round;
    ASSERT_EQ(watch.result, POLLIN) << round;
    watch.completions = 0;
    uint64_t count = 0;
    ASSERT_EQ(eventfd_read(watch.event.get(), &count), 0);
  }
}

TEST_P(ReactorTest, AWaitForNoDescriptorFails) {
  Watch watch{OwnedFd()};
  reactor_->Start(watch.op, -1, POLLIN);
  Finish();
  EXPECT_EQ(watch.completions, 1);
  EXPECT_EQ(watch.result, -EBADF);
}

INSTANTIATE_TEST_SUITE_P(Over, ReactorTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return info.param ? "io_uring" : "epoll";
                         });

}  // namespace
}  // namespace jackfield
