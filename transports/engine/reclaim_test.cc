// What is refused for a limit is tried again once the dead have left room, and only then.
#include "transports/engine/reclaim.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace jackfield {
namespace {

using Owner = Resource::Owner;

// Things with these owners; a removed one is listed no more.
class Things final : public Resources {
 public:
  explicit Things(std::vector<Resource> things) : things_(std::move(things)) {}
  std::string_view scheme() const override { return "thing"; }
  std::vector<Resource> List() const override { return things_; }
  absl::Status Remove(const Resource& resource) const override {
    for (size_t i = 0; i < things_.size(); ++i) {
      if (things_[i].place != resource.place) continue;
      things_.erase(things_.begin() + static_cast<ptrdiff_t>(i));
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError("gone");
  }

 private:
  mutable std::vector<Resource> things_;
};

Resource Thing(std::string place, Owner owner, bool keeps = false) {
  return {.what = "thing", .place = std::move(place), .owner = owner, .keeps = keeps};
}

// There is room for so many.
absl::StatusOr<int> Make(const Things& things, size_t most) {
  if (things.List().size() < most) return 7;
  return Refused(Reason::kResource, "no room: raise it with ulimit");
}

TEST(Reclaim, WhatTheDeadLeftMakesRoomAndIsSaidOnce) {
  const Things things({Thing("a", Owner::kDead), Thing("b", Owner::kLives),
                       Thing("c", Owner::kUnknown), Thing("d", Owner::kDead),
                       Thing("log", Owner::kDead, true)});
  testing::internal::CaptureStderr();
  EXPECT_EQ(MakeOrReclaim(things, [&] { return Make(things, 4); }).value(), 7);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "jackfield: thing: a limit was reached; removed 2 that dead owners left\n");
  EXPECT_EQ(things.List().size(), 3u) << "the living, the unknown and what is data stay";
}

TEST(Reclaim, WithoutARefusalForALimitNothingIsRemoved) {
  const Things things({Thing("a", Owner::kDead)});
  EXPECT_EQ(MakeOrReclaim(things, [&] { return Make(things, 2); }).value(), 7);
  int calls = 0;
  const auto refused = MakeOrReclaim(things, [&]() -> absl::StatusOr<int> {
    ++calls;
    return Refused(Reason::kPermission, "not yours");
  });
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kPermission);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(things.List().size(), 1u);
}

TEST(Reclaim, WhereNobodyIsDeadTheErrorNamesTheLimitAndWhoCannotBeSeen) {
  const Things living({Thing("a", Owner::kLives)});
  absl::Status refused = MakeOrReclaim(living, [&] { return Make(living, 1); }).status();
  EXPECT_EQ(refused.message(), "no room: raise it with ulimit");
  const Things unknown({Thing("a", Owner::kUnknown), Thing("b", Owner::kUnknown)});
  refused = MakeOrReclaim(unknown, [&] { return Make(unknown, 1); }).status();
  EXPECT_EQ(ReasonOf(refused), Reason::kResource);
  const std::string text(refused.message());
  EXPECT_NE(text.find("raise it with ulimit; 2 more have owners that cannot be seen from here"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("jackfield clean"), std::string::npos) << text;
}

}  // namespace
}  // namespace jackfield
