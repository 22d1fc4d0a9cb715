// The generator's bookkeeping, with a sender that the test plays and times that it makes up.
#include "tools/load/issuer.h"

#include <deque>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernel/base/outcome.h"
#include "tools/load/sheet_for_tests.h"

namespace jackfield::load {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kMs = 1'000'000;

class Played final : public Sender {
 public:
  absl::Status Send(uint64_t number, uint32_t place) override {
    if (full) return Refused(Reason::kBackPressure, "full");
    if (!broken.ok()) return broken;
    sent.push_back(number);
    places.push_back(place);
    return absl::OkStatus();
  }
  uint32_t TakePlace() {
    const uint32_t place = places.front();
    places.pop_front();
    return place;
  }
  bool full = false;
  absl::Status broken;
  std::vector<uint64_t> sent;
  std::deque<uint32_t> places;
};

class IssuerTest : public ::testing::Test {
 protected:
  Issuer Limited(uint32_t out_max, uint64_t waiting_max) {
    return Issuer(sender_, *sheet_, {.out_max = out_max, .waiting_max = waiting_max});
  }
  Counts& counts() { return sheet_->counts(); }
  Batch& batch(size_t i) { return sheet_->batch(i); }
  Played sender_;
  OwnSheet sheet_{Profile::Constant(100, 2'000'000'000)};  // batches of 100 ms
};

TEST_F(IssuerTest, LatencyCountsFromTheMomentACallWasDue) {
  Issuer issuer = Limited(10, 10);
  issuer.Due(0, 10 * kMs, 11 * kMs);
  issuer.Ended(sender_.TakePlace(), absl::OkStatus(), 15 * kMs);
  EXPECT_EQ(batch(0).latency.max_ns(), 5u * kMs);
  EXPECT_EQ(batch(0).sent.max_ns(), 4u * kMs);
  EXPECT_EQ(batch(0).lag.max_ns(), 1u * kMs);
  EXPECT_EQ(batch(0).queue.max_ns(), 0u);
  EXPECT_EQ(counts().answered, 1u);
}

// One place: of four calls that are due during a stall three wait in the tool, and count from when
// they were due; from when they were sent all but the first are quick.
TEST_F(IssuerTest, WhatFindsNoPlaceWaitsWithItsIntendedMoment) {
  Issuer issuer = Limited(1, 10);
  for (uint64_t i = 0; i < 4; ++i)
    issuer.Due(i, static_cast<int64_t>(i) * 10 * kMs, static_cast<int64_t>(i) * 10 * kMs);
  EXPECT_EQ(issuer.waiting(), 3u);
  EXPECT_THAT(sender_.sent, ElementsAre(0));
  int64_t now_ns = 500 * kMs;
  for (int i = 0; i < 4; ++i) {
    issuer.Ended(sender_.TakePlace(), absl::OkStatus(), now_ns);
    issuer.SendWaiting(now_ns, 100);
    now_ns += kMs;
  }
  EXPECT_THAT(sender_.sent, ElementsAre(0, 1, 2, 3));  // in the order in which they were due
  EXPECT_EQ(batch(0).latency.count(), 4u);
  EXPECT_NEAR(static_cast<double>(batch(0).latency.Quantile(0.25)), 473.0 * kMs, 0.5 * kMs);
  EXPECT_NEAR(static_cast<double>(batch(0).sent.Quantile(0.75)), 1.0 * kMs, 0.01 * kMs);
  EXPECT_NEAR(static_cast<double>(batch(0).queue.max_ns()), 490.0 * kMs, 0.5 * kMs);
  EXPECT_EQ(counts().waiting_most, 3u);
  EXPECT_EQ(counts().out_most, 1u);
}

TEST_F(IssuerTest, WhatIsDueAfterOneThatWaitsDoesNotOvertakeIt) {
  Issuer issuer = Limited(10, 10);
  sender_.full = true;
  issuer.Due(0, 0, 0);
  sender_.full = false;
  issuer.Due(1, kMs, kMs);
  EXPECT_EQ(issuer.waiting(), 2u);
  issuer.SendWaiting(2 * kMs, 1);
  EXPECT_THAT(sender_.sent, ElementsAre(0));
  issuer.SendWaiting(2 * kMs, 1);
  EXPECT_THAT(sender_.sent, ElementsAre(0, 1));
}

TEST_F(IssuerTest, MoreThanTheQueueHoldsIsCountedAsNotSent) {
  Issuer issuer = Limited(1, 2);
  for (uint64_t i = 0; i < 5; ++i) issuer.Due(i, 0, 0);
  EXPECT_EQ(counts().due, 5u);
  EXPECT_EQ(counts().sent, 1u);
  EXPECT_EQ(issuer.waiting(), 2u);
  EXPECT_EQ(counts().not_sent, 2u);
}

TEST_F(IssuerTest, ErrorsEnterTheHistogramAndAreCountedByOutcomeAndStatus) {
  Issuer issuer = Limited(10, 10);
  for (uint64_t i = 0; i < 3; ++i) issuer.Due(i, 0, 0);
  issuer.Ended(sender_.TakePlace(), MakeStatus(Outcome::kInDoubt, Reason::kDeadline, "too late"),
               300 * kMs);
  issuer.Ended(sender_.TakePlace(), absl::NotFoundError("no such key"), kMs);
  issuer.Ended(sender_.TakePlace(), absl::OkStatus(), kMs);
  sender_.broken = Refused(Reason::kTooLarge, "too large");
  issuer.Due(3, 5 * kMs, 7 * kMs);
  EXPECT_EQ(counts().answered, 1u);
  EXPECT_EQ(counts().error_count(), 3u);
  EXPECT_EQ(counts().errors[static_cast<size_t>(Outcome::kInDoubt)], 1u);
  EXPECT_EQ(counts().errors[static_cast<size_t>(Outcome::kOk)], 1u);
  EXPECT_EQ(counts().errors[static_cast<size_t>(Outcome::kRefused)], 1u);
  EXPECT_EQ(counts().statuses[static_cast<size_t>(absl::StatusCode::kDeadlineExceeded)], 1u);
  EXPECT_EQ(counts().statuses[static_cast<size_t>(absl::StatusCode::kNotFound)], 1u);
  EXPECT_STREQ(counts().first_error, "too late");
  EXPECT_EQ(batch(0).latency.count(), 4u);
  EXPECT_EQ(batch(0).latency.max_ns(), 300u * kMs);
  EXPECT_EQ(batch(0).errors, 3u);
  EXPECT_EQ(issuer.out(), 0u);
}

TEST_F(IssuerTest, ACallBelongsToTheBatchInWhichItWasDue) {
  Issuer issuer = Limited(10, 10);
  issuer.Due(0, 50 * kMs, 50 * kMs);
  issuer.Ended(sender_.TakePlace(), absl::OkStatus(), 250 * kMs);
  EXPECT_EQ(batch(0).ended, 1u);
  EXPECT_EQ(batch(0).ended_in_it, 0u);
  EXPECT_EQ(batch(2).ended, 0u);
  EXPECT_EQ(batch(2).ended_in_it, 1u);
  EXPECT_EQ(sheet_->slot(2).ended, 1u);
  EXPECT_EQ(sheet_->slot(0).due, 1u);
}

TEST_F(IssuerTest, WhatIsLeftAtTheEndIsCountedOnce) {
  Issuer issuer = Limited(1, 10);
  for (uint64_t i = 0; i < 3; ++i) issuer.Due(i, 0, 0);
  issuer.GiveUp();
  issuer.Ended(sender_.TakePlace(), absl::CancelledError(""), kMs);
  EXPECT_EQ(counts().not_sent, 2u);
  EXPECT_EQ(counts().unanswered, 1u);
  EXPECT_EQ(counts().error_count(), 0u);
  EXPECT_EQ(counts().due,
            counts().answered + counts().error_count() + counts().not_sent + counts().unanswered);
}

}  // namespace
}  // namespace jackfield::load
