// When a call is made again, without a service: how its tries ended is said here.
#include "services/stubs/tries.h"

#include <memory>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "transports/builtin.h"

namespace jackfield {
namespace {

class TriesTest : public testing::Test {
 protected:
  TriesTest() {
    AddBuiltinTransports(registry_);
    NodeOptions options{.name = "caller", .registry = &registry_};
    options.clock = &clock_;
    node_ = Node::Create(options).value();
    channel_ = Channel::Open(*node_, "unix:@jackfield.nobody.serves.here").value();
  }
  static absl::Status Died() {
    return MakeStatus(Outcome::kInDoubt, Reason::kPeerDied, "it died; the call may have run");
  }
  void Pass(int64_t us) { clock_.AdvanceToNs(clock_.NowNs() + us * 1000); }

  Registry registry_;
  ManualClock clock_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Channel> channel_;
};

TEST_F(TriesTest, WhoseServiceWentAwayIsMadeAgainTwiceAtMost) {
  for (const Outcome outcome : {Outcome::kInDoubt, Outcome::kFailed}) {
    for (const Reason reason : {Reason::kPeerDied, Reason::kUnreachable}) {
      Tries tries(*channel_, {});
      tries.Begin();
      const absl::Status ended = MakeStatus(outcome, reason, "gone");
      EXPECT_TRUE(tries.Again(ended));
      tries.Begin();
      EXPECT_TRUE(tries.Again(ended));
      tries.Begin();
      EXPECT_FALSE(tries.Again(ended));
      EXPECT_EQ(tries.Sum(ended).message(), "gone; tried 3 times");
      EXPECT_EQ(OutcomeOf(tries.Sum(ended)), outcome);
    }
  }
}

TEST_F(TriesTest, WhatWasAnsweredOrRefusedIsNot) {
  for (const absl::Status& ended :
       {absl::OkStatus(), absl::UnavailableError("the handler says so"),
        absl::DataLossError("no such table"), Refused(Reason::kPeerDied, "not sent"),
        Refused(Reason::kUnreachable, "not sent"), Refused(Reason::kBackPressure, "no room")}) {
    Tries tries(*channel_, {});
    tries.Begin();
    EXPECT_FALSE(tries.Again(ended)) << ended;
    EXPECT_EQ(tries.Sum(ended), ended);
  }
}

TEST_F(TriesTest, WhatThisProgramGaveUpOrWhatCameDamagedIsNot) {
  for (const Reason reason : {Reason::kCancelled, Reason::kClosed, Reason::kCorrupt,
                              Reason::kDeadline, Reason::kMisuse, Reason::kResource}) {
    Tries tries(*channel_, {});
    tries.Begin();
    EXPECT_FALSE(tries.Again(MakeStatus(Outcome::kInDoubt, reason, "no"))) << Name(reason);
  }
}

TEST_F(TriesTest, TheDeadlineIsOfAllTriesTogether) {
  Tries tries(*channel_, {.timeout = 1000us});
  EXPECT_EQ(tries.Begin().timeout, 1000us);
  Pass(400);
  EXPECT_TRUE(tries.Again(Died()));
  EXPECT_EQ(tries.Begin().timeout, 600us);
  Pass(600);
  EXPECT_FALSE(tries.Again(Died())) << "it has passed";
}

TEST_F(TriesTest, TheDeadlineBeginsWithTheFirstTry) {
  Tries tries(*channel_, {.timeout = 1000us});
  Pass(5000);
  EXPECT_EQ(tries.Begin().timeout, 1000us);
  Pass(999);
  EXPECT_TRUE(tries.Again(Died()));
  EXPECT_EQ(tries.Begin().timeout, 1us);
}

TEST_F(TriesTest, WithoutALimitOfItsOwnEachTryHasThatOfItsChannel) {
  Tries tries(*channel_, {});
  tries.Begin();
  Pass(1'000'000'000);
  EXPECT_TRUE(tries.Again(Died()));
  EXPECT_EQ(tries.Begin().timeout, 0us);
}

TEST_F(TriesTest, DescriptorsGoOnce) {
  const int fds[] = {0};
  Tries tries(*channel_, {.fds = fds});
  tries.Begin();
  EXPECT_FALSE(tries.Again(Died()));
}

TEST_F(TriesTest, OneTryInDoubtMakesTheCallSo) {
  Tries tries(*channel_, {});
  tries.Begin();
  ASSERT_TRUE(tries.Again(Died()));
  const absl::Status last = Refused(Reason::kDeadline, "no connection in time");
  ASSERT_FALSE(tries.Again(last));
  const absl::Status sum = tries.Sum(last);
  EXPECT_EQ(OutcomeOf(sum), Outcome::kInDoubt);
  EXPECT_EQ(sum.message(),
            "no connection in time; tried 2 times, and an earlier try may have run: it died; the "
            "call may have run");
  const absl::Status answer = absl::NotFoundError("there is none");
  EXPECT_EQ(tries.Sum(answer), answer) << "an answer is one, however many tries it took";
}

TEST_F(TriesTest, AChannelThatHasEndedIsNotTriedAgain) {
  Tries tries(*channel_, {});
  tries.Begin();
  channel_->Close(0s);
  EXPECT_FALSE(tries.Again(Died()));
  EXPECT_EQ(tries.Sum(Died()), Died());
}

class Two final : public Route::Chooser {
 public:
  Two(Channel& first, Channel& second) : first_(first), second_(second) {}
  Channel& Another(const Channel& tried) override { return &tried == &first_ ? second_ : first_; }

 private:
  Channel &first_, &second_;
};

TEST_F(TriesTest, APoolIsAskedForAnotherChannel) {
  const auto other = Channel::Open(*node_, "unix:@jackfield.nobody.else").value();
  Two two(*channel_, *other);
  Tries tries(Route(*channel_, two), {});
  tries.Begin();
  EXPECT_EQ(&tries.channel(), channel_.get());
  ASSERT_TRUE(tries.Again(Died()));
  EXPECT_EQ(&tries.channel(), other.get());
  ASSERT_TRUE(tries.Again(Died()));
  EXPECT_EQ(&tries.channel(), channel_.get());
}

}  // namespace
}  // namespace jackfield
