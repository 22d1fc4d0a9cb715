#include "transports/shm/uid_quota.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "kernel/base/outcome.h"

namespace jackfield {
namespace {

TEST(UidQuotaTest, TheSumOfAUidIsBoundedAndEachUidHasItsOwn) {
  UidQuota quota(100);
  absl::StatusOr<UidQuota::Share> first = quota.Take(1, 60);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(quota.Take(2, 100).ok());
  const absl::Status refused = quota.Take(1, 41).status();
  EXPECT_EQ(ReasonOf(refused), Reason::kResource);
  const std::string text(refused.message());
  for (const char* number : {"60 B", "41 B", "100 B", "?quota="})
    EXPECT_NE(text.find(number), std::string::npos) << text;
  EXPECT_TRUE(quota.Take(1, 40).ok()) << "what was refused is not counted";
}

TEST(UidQuotaTest, WhatIsGivenBackCanBeTakenAgainAlsoAfterTheQuotaItself) {
  std::optional<UidQuota> quota(100);
  {
    const absl::StatusOr<UidQuota::Share> share = quota->Take(1, 100);
    EXPECT_FALSE(quota->Take(1, 1).ok());
  }
  const absl::StatusOr<UidQuota::Share> share = quota->Take(1, 100);
  EXPECT_TRUE(share.ok());
  quota.reset();
}

TEST(UidQuotaTest, TheConnectionsOfAUidAreCountedToo) {
  UidQuota quota(1000, 2);
  const absl::StatusOr<UidQuota::Share> first = quota.Take(1, 10);
  ASSERT_TRUE(first.ok());
  {
    const absl::StatusOr<UidQuota::Share> second = quota.Take(1, 0);
    ASSERT_TRUE(second.ok());
    const absl::Status refused = quota.Take(1, 10).status();
    EXPECT_EQ(ReasonOf(refused), Reason::kResource);
    const std::string text(refused.message());
    for (const char* words : {"2 connections", "?lanes="})
      EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_TRUE(quota.Take(2, 10).ok()) << "another uid has its own";
  }
  EXPECT_TRUE(quota.Take(1, 10).ok()) << "one is closed";
}

TEST(UidQuotaTest, ASumThatWouldWrapIsRefused) {
  UidQuota quota(UINT64_MAX);
  const absl::StatusOr<UidQuota::Share> most = quota.Take(1, UINT64_MAX - 1);
  EXPECT_TRUE(most.ok());
  EXPECT_FALSE(quota.Take(1, 2).ok());
}

}  // namespace
}  // namespace jackfield
