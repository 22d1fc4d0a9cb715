// The books, without a bus.
#include "services/semaphore/permits.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace jackfield::semaphore {
namespace {

class PermitsTest : public testing::Test {
 protected:
  std::unique_ptr<Claim> Want(const std::string& name, uint32_t wanted = 1, uint32_t size = 1) {
    auto claim = std::make_unique<Claim>(permits_, Claim::Claimant{"test", 7});
    status_ = claim->Enter(name, wanted, size, 0, {});
    return claim;
  }
  Permits permits_{100};
  absl::Status status_;
};

TEST_F(PermitsTest, AMutexIsHeldByOneAndGoesToTheNextInTheOrderOfArrival) {
  const auto first = Want("m"), second = Want("m"), third = Want("m");
  EXPECT_TRUE(first->holds());
  EXPECT_FALSE(second->holds());
  EXPECT_NE(third->WhyItWaits().find("held by test (pid 7); 1 wait in front"), std::string::npos)
      << third->WhyItWaits();
  first->End(Claim::How::kGivenBack);
  EXPECT_TRUE(second->holds());
  EXPECT_FALSE(third->holds());
  second->End(Claim::How::kGivenBack);
  EXPECT_TRUE(third->holds());
}

TEST_F(PermitsTest, WhoWantsMuchIsNotOvertakenByThoseWhoWantLittle) {
  const auto one = Want("s", 1, 3);
  const auto three = Want("s", 3, 3);
  const auto little = Want("s", 1, 3);
  EXPECT_FALSE(three->holds());
  EXPECT_FALSE(little->holds()) << "though two permits are free";
  one->End(Claim::How::kGivenBack);
  EXPECT_TRUE(three->holds());
  three->End(Claim::How::kGivenBack);
  EXPECT_TRUE(little->holds());
}

TEST_F(PermitsTest, WhoGivesUpWaitingLetsThoseBehindGo) {
  const auto one = Want("s", 1, 3);
  const auto three = Want("s", 3, 3);
  const auto little = Want("s", 2, 3);
  three->End(Claim::How::kGivenBack);
  EXPECT_TRUE(little->holds());
}

TEST_F(PermitsTest, EachHoldHasAGreaterFence) {
  uint64_t last = 100;
  for (int i = 0; i < 5; ++i) {
    const auto hold = Want(i % 2 == 0 ? "a" : "b");
    EXPECT_GT(hold->fence(), last);
    last = hold->fence();
    hold->End(Claim::How::kGivenBack);
  }
}

TEST_F(PermitsTest, TheNextOneIsToldOnceThatAHolderDied) {
  Want("m").reset();  // its claim ends with its life
  const auto second = Want("m");
  EXPECT_TRUE(second->abandoned());
  const auto third = Want("m");
  second->End(Claim::How::kGivenBack);
  EXPECT_TRUE(third->holds());
  EXPECT_FALSE(third->abandoned());
}

TEST_F(PermitsTest, WhoDiesWaitingHasAbandonedNothing) {
  const auto first = Want("m");
  Want("m").reset();
  first->End(Claim::How::kGivenBack);
  EXPECT_FALSE(Want("m")->abandoned());
}

TEST_F(PermitsTest, ASemaphoreGoesWithItsLastClaimAndMayThenHaveAnotherSize) {
  const auto first = Want("s", 1, 3);
  Want("s", 1, 4);
  EXPECT_EQ(status_.code(), absl::StatusCode::kFailedPrecondition) << status_;
  EXPECT_NE(status_.ToString().find("3 permits, not with 4"), std::string::npos) << status_;
  first->End(Claim::How::kGivenBack);
  EXPECT_TRUE(permits_.semaphores().empty());
  auto other = Want("s", 1, 4);
  EXPECT_TRUE(other->holds());
  other.reset();  // abandoned: it is remembered, whatever its size
  EXPECT_TRUE(Want("s", 1, 5)->abandoned());
}

TEST_F(PermitsTest, WishesThatMakeNoSenseAreRefused) {
  for (const auto& [name, wanted, size] : std::vector<std::tuple<std::string, uint32_t, uint32_t>>{
           {"", 1, 1},
           {std::string(Permits::kNameBytesMax + 1, 'n'), 1, 1},
           {"s", 0, 1},
           {"s", 2, 1},
           {"s", 1, 0},
           {"s", 1, Permits::kSizeMax + 1}}) {
    Want(name, wanted, size);
    EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument) << name << wanted << size;
  }
  EXPECT_TRUE(permits_.semaphores().empty());
  EXPECT_EQ(permits_.claims(), 0u);
}

TEST_F(PermitsTest, OneClaimMoreThanClaimsMaxIsRefusedWithTheLimit) {
  std::vector<std::unique_ptr<Claim>> all;
  for (uint32_t i = 0; i < Permits::kClaimsMax; ++i) all.push_back(Want(std::to_string(i % 1000)));
  EXPECT_TRUE(status_.ok());
  Want("one more");
  EXPECT_EQ(status_.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status_.ToString().find("16384"), std::string::npos) << status_;
  all.pop_back();
  EXPECT_TRUE(Want("one more")->holds());
  while (!all.empty()) all.pop_back();
}

TEST_F(PermitsTest, TheMarksOfTheDeadAreBounded) {
  for (size_t i = 0; i < 3 * Permits::kSemaphoresMax; ++i) Want(std::to_string(i)).reset();
  EXPECT_LE(permits_.semaphores().size(), Permits::kSemaphoresMax);
}

}  // namespace
}  // namespace jackfield::semaphore
