// A rule that holds costs nothing; a broken one says where it stands.
#include "kernel/base/check.h"

#include "gtest/gtest.h"

namespace jackfield {
namespace {

absl::Status NotMoreThanThree(int count) {
  JF_RULE(count <= 3, "there are three at most");
  return absl::OkStatus();
}

TEST(Check, ARuleThatHoldsIsPassedAndABrokenOneEndsTheProcessAndSaysWhere) {
  JF_CHECK(NotMoreThanThree(3).ok(), "three are three at most");
  EXPECT_DEATH(JF_CHECK(NotMoreThanThree(4).ok(), "four are too many"),
               "kernel/base/check_test.cc:[0-9]+: broken: four are too many");
}

TEST(Check, TheFirstBrokenRuleIsTheStatusOfWhoWalksThem) {
  EXPECT_TRUE(NotMoreThanThree(3).ok());
  const absl::Status broken = NotMoreThanThree(4);
  EXPECT_EQ(broken.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(broken.message().substr(0, 25), "kernel/base/check_test.cc");
  EXPECT_NE(broken.message().find(": broken: there are three at most"), std::string::npos);
}

TEST(Check, EachConditionIsLookedAtOnce) {
  int looks = 0;
  JF_CHECK(++looks == 1, "it is looked at once");
  EXPECT_EQ(looks, 1);
}

}  // namespace
}  // namespace jackfield
