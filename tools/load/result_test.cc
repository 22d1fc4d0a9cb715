// What is said of a run, from sheets that the test writes.
#include "tools/load/result.h"

#include <algorithm>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/load/files.h"
#include "tools/load/find.h"
#include "tools/load/report.h"
#include "tools/load/sheet_for_tests.h"

namespace jackfield::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kUs = 1000;

struct Pattern {
  uint64_t due = 2000;  // calls of the run
  int64_t latency_us = 100;
  int64_t grows_us = 0;  // with each batch
  int64_t lag_us = 1;
  double ended_share = 1;  // of each batch's, in it
};

// A run of 2 s.
void Write(const Pattern& pattern, const Sheet& sheet) {
  Counts& counts = sheet.counts();
  for (size_t i = 0; i < kBatches; ++i) {
    Batch& batch = sheet.batch(i);
    batch.due = batch.ended = pattern.due / kBatches;
    batch.ended_in_it = static_cast<uint64_t>(pattern.ended_share * static_cast<double>(batch.due));
    const int64_t us = pattern.latency_us + pattern.grows_us * static_cast<int64_t>(i);
    for (uint64_t call = 0; call < batch.due; ++call) {
      batch.latency.Add(static_cast<uint64_t>(us * kUs));
      batch.sent.Add(static_cast<uint64_t>(pattern.latency_us * kUs));
      batch.lag.Add(static_cast<uint64_t>(pattern.lag_us * kUs));
      batch.queue.Add(0);
    }
    counts.due += batch.due;
  }
  counts.sent = counts.answered = counts.due;
  counts.last_due_seen_ns = 1'999'000'000;
}

class ResultTest : public ::testing::Test {
 protected:
  Result Judged(const Pattern& pattern, Judgement judgement = {}) {
    Write(pattern, *sheet_);
    if (judgement.asked == 0) judgement.asked = sheet_->counts().due;
    return JudgeRun(*sheet_, judgement);
  }
  OwnSheet sheet_{Profile::Constant(1000, 2'000'000'000)};
};

TEST_F(ResultTest, ARunThatKeepsUpIsValid) {
  const Result result = Judged({});
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_TRUE(result.valid());
  EXPECT_NEAR(static_cast<double>(*QuantileOf(result.stages[0]->latency, 0.99)), 100e3, 100);
  EXPECT_THAT(TableOf({}, result), HasSubstr("from intended"));
}

TEST_F(ResultTest, AQuantileIsToldOfEnoughCalls) {
  EXPECT_EQ(SamplesFor(0.5), 20u);
  EXPECT_EQ(SamplesFor(0.99), 1000u);
  EXPECT_EQ(SamplesFor(0.999), 10'000u);
  auto histogram = std::make_unique<Histogram>();
  for (int i = 0; i < 999; ++i) histogram->Add(5);
  EXPECT_FALSE(QuantileOf(*histogram, 0.99).has_value());
  histogram->Add(5);
  EXPECT_TRUE(QuantileOf(*histogram, 0.99).has_value());
  const Result result = Judged({});
  EXPECT_THAT(TableOf({}, result), HasSubstr("p99.9 needs 10000"));
  EXPECT_THAT(JsonOf({}, result), HasSubstr("\"p99.9_ns\":null"));
}

TEST_F(ResultTest, OfAServiceThatDoesNotKeepUpNoQuantileIsTold) {
  const Result result = Judged({.grows_us = 20'000, .ended_share = 0.9});
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_THAT(result.faults[0], HasSubstr("the offered rate exceeds the capacity"));
  EXPECT_THAT(result.faults[0], HasSubstr("900 of 1000 calls a second end"));
  const std::string table = TableOf({}, result);
  EXPECT_THAT(table, Not(HasSubstr("380ms")));
  EXPECT_THAT(JsonOf({}, result), HasSubstr("\"from_intended\":{\"n\":2000,\"p50_ns\":null"));
}

TEST_F(ResultTest, AGeneratorThatIsLateIsSaidToBeTheLimit) {
  const Result late = Judged({.lag_us = 11});
  ASSERT_EQ(late.faults.size(), 1u);
  EXPECT_THAT(late.faults[0], HasSubstr("the generator is the limit: p99 of its lag is 11"));
}

TEST_F(ResultTest, ALagBelowItsShareOfP50IsNone) {
  EXPECT_THAT(Judged({.lag_us = 9}).faults, IsEmpty());
}

TEST_F(ResultTest, AnyLagWillDoWhereTheUserSaysSo) {
  EXPECT_THAT(Judged({.lag_us = 5000}, {.lag_share_most = std::nullopt}).faults, IsEmpty());
}

TEST_F(ResultTest, AGeneratorThatIssuesTooFewIsTheLimit) {
  Write({}, *sheet_);
  const Result result = JudgeRun(*sheet_, {.asked = 2030});
  EXPECT_THAT(result.faults,
              ElementsAre("the generator is the limit: it issued 1000 of 1015 calls a second"));
}

TEST_F(ResultTest, CallsThatWereNotSentMakeARunInvalid) {
  sheet_->counts().not_sent = 3;
  EXPECT_THAT(Judged({}).faults, ElementsAre(HasSubstr("3 of 2000 calls were not sent")));
}

TEST_F(ResultTest, AnInterruptedRunTellsWhatThereIs) {
  const Result result = Judged({.due = 1000}, {.asked = 2000, .interrupted = true});
  EXPECT_THAT(result.faults, IsEmpty());
  EXPECT_FALSE(result.valid());
  EXPECT_TRUE(QuantileOf(result.stages[0]->latency, 0.5).has_value());
}

TEST_F(ResultTest, AProbeHoldsOrFailsBeyondItsScatter) {
  const auto verdict = [&](const Result& result, std::string_view claim) {
    return VerdictOf(*sheet_, result, *Assertion::Parse(claim));
  };
  const Result result = Judged({});
  EXPECT_EQ(verdict(result, "p99<110us"), Verdict::kHolds);
  EXPECT_EQ(verdict(result, "p99<90us"), Verdict::kFails);
  // Half of the batches take longer: p90 is 200 us, give or take half of that.
  for (size_t i = 0; i < kBatches; i += 4) {
    for (size_t call = 0; call < 200; ++call) sheet_->batch(i).latency.Add(200'000);
  }
  const Result scattered = JudgeRun(*sheet_, {.asked = 2000});
  EXPECT_EQ(verdict(scattered, "p90<210us"), Verdict::kUndecided);
  EXPECT_EQ(verdict(scattered, "p90<1ms"), Verdict::kHolds);
  sheet_->batch(3).errors = 1;
  EXPECT_EQ(verdict(JudgeRun(*sheet_, {.asked = 2000}), "p90<1ms"), Verdict::kFails);
}

TEST_F(ResultTest, SheetsOfTwoProcessesAddUpToThatOfOne) {
  OwnSheet one(Profile::Constant(1000, 2'000'000'000)), two(Profile::Constant(1000, 2'000'000'000));
  Write({.due = 1000, .latency_us = 100}, *one);
  Write({.due = 1000, .latency_us = 300}, *two);
  sheet_->Merge(*one);
  sheet_->Merge(*two);
  EXPECT_EQ(sheet_->counts().due, 2000u);
  EXPECT_EQ(sheet_->batch(3).latency.count(), 100u);
  EXPECT_NEAR(static_cast<double>(sheet_->batch(3).latency.Quantile(0.5)), 100e3, 100);
  EXPECT_NEAR(static_cast<double>(sheet_->batch(3).latency.Quantile(0.51)), 300e3, 300);
  EXPECT_EQ(sheet_->batch(3).latency.max_ns(), 300'000u);
}

TEST_F(ResultTest, FilesHaveARowForEachSlotAndTheWholeDistribution) {
  sheet_->slot(3).due = 7;
  const std::string csv = CsvOf(*sheet_);
  EXPECT_THAT(csv, HasSubstr("at_ms,due,"));
  EXPECT_THAT(csv, HasSubstr("\n300,7,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 20 + 1);
  const std::string hgrm = HgrmOf(Judged({}));
  EXPECT_THAT(hgrm, HasSubstr("Total count    =         2000"));
  EXPECT_THAT(hgrm, HasSubstr("0.100 1.000000000000       2000"));
}

TEST(GridTest, LongRunsHaveLongerSlots) {
  const Profile short_run = Profile::Constant(1, 10'000'000'000);
  const Profile long_run = Profile::Constant(1, kLengthNsMax);
  EXPECT_EQ(Grid(short_run).slot_ns(), kSlotNsLeast);
  EXPECT_LE(Grid(long_run).slots(), kSlotsMax + 1);
}

}  // namespace
}  // namespace jackfield::load
