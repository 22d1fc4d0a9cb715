#include "kernel/base/units.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"

namespace jackfield {
namespace {

TEST(Units, DurationsNeedAUnit) {
  EXPECT_EQ(ParseDurationNs("250us").value(), 250'000);
  EXPECT_EQ(ParseDurationNs("1.5ms").value(), 1'500'000);
  EXPECT_EQ(ParseDurationNs("2h").value(), 7'200'000'000'000);
  EXPECT_EQ(ParseDurationNs("0").value(), 0);
  for (const char* text :
       {"", "1", "ms", "-1ms", "1 ms", "1..2s", "1e3s", "999999999999h", "1msx"}) {
    EXPECT_EQ(ParseDurationNs(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(Units, SizesNeedAUnit) {
  EXPECT_EQ(ParseBytes("4KiB").value(), 4096u);
  EXPECT_EQ(ParseBytes("1M").value(), 1u << 20);
  EXPECT_EQ(ParseBytes("1MB").value(), 1'000'000u);
  EXPECT_FALSE(ParseBytes("4096").ok());
  EXPECT_FALSE(ParseBytes("4kb").ok());
}

TEST(Units, SharesLieBetweenNoneAndAll) {
  EXPECT_DOUBLE_EQ(ParseShare("1%").value(), 0.01);
  EXPECT_DOUBLE_EQ(ParseShare("0.5").value(), 0.5);
  for (const char* text : {"", "%", "101%", "-1%", "2", "nan", "x"})
    EXPECT_FALSE(ParseShare(text).ok()) << text;
}

TEST(Units, AreWrittenAsPeopleReadThem) {
  EXPECT_EQ(FormatDurationNs(999), "999ns");
  EXPECT_EQ(FormatDurationNs(12'345), "12.3us");
  EXPECT_EQ(FormatDurationNs(999'600), "1ms");
  EXPECT_EQ(FormatDurationNs(-2'500'000'000), "-2.5s");
  EXPECT_EQ(FormatDurationNs(int64_t{5400} * 1'000'000'000), "90m");
  EXPECT_EQ(FormatDurationNs(int64_t{1500} * 3600 * 1'000'000'000), "1500h");
  EXPECT_EQ(FormatBytes(64), "64 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatBytes(1200), "1200 B");
  EXPECT_EQ(FormatBytes(8176), "8176 B");
}

TEST(Outcome, TravelsInAStatus) {
  for (uint8_t outcome = 1; outcome <= 3; ++outcome) {
    for (uint8_t reason = 1; reason <= 14; ++reason) {
      const absl::Status status =
          MakeStatus(static_cast<Outcome>(outcome), static_cast<Reason>(reason), "why");
      EXPECT_FALSE(status.ok());
      EXPECT_EQ(OutcomeOf(status), static_cast<Outcome>(outcome));
      EXPECT_EQ(ReasonOf(status), static_cast<Reason>(reason));
      EXPECT_FALSE(Name(static_cast<Reason>(reason)).empty());
    }
  }
  EXPECT_EQ(OutcomeOf(absl::OkStatus()), Outcome::kOk);
  EXPECT_EQ(OutcomeOf(absl::NotFoundError("an answer")), Outcome::kOk);
  EXPECT_EQ(MakeStatus(Outcome::kOk, Reason::kNone, 99, "x").code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace jackfield
