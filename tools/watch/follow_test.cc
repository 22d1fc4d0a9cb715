#include "tools/watch/follow.h"

#include "gtest/gtest.h"

namespace jackfield::watch {
namespace {

constexpr uint64_t kPeer = 77;

Event Of(FrameWay way, FrameKind kind, uint64_t call_id, uint32_t type, int64_t ns) {
  static uint64_t number = 0;
  return {.number = ++number,
          .realtime_ns = ns,
          .way = way,
          .kind = kind,
          .type = type,
          .call_id = call_id,
          .peer_epoch = kPeer};
}
constexpr FrameWay kSent = FrameWay::kSent, kReceived = FrameWay::kReceived;

TEST(Follower, AnAnswerIsOfTheCallThatWentTheOtherWay) {
  Follower follower;
  // Both ends number their calls, so the same number is out and in.
  const Told out = follower.Take(Of(kSent, FrameKind::Request, 5, 1, 100));
  const Told in = follower.Take(Of(kReceived, FrameKind::Request, 5, 2, 110));
  EXPECT_TRUE(out.by_caller);
  EXPECT_TRUE(in.by_caller);
  const Told answer_in = follower.Take(Of(kReceived, FrameKind::Reply, 5, 1, 150));
  EXPECT_FALSE(answer_in.by_caller);
  EXPECT_EQ(answer_in.type, 1u);
  EXPECT_EQ(answer_in.took_ns, 50);
  const Told answer_out = follower.Take(Of(kSent, FrameKind::Reply, 5, 2, 210));
  EXPECT_EQ(answer_out.type, 2u);
  EXPECT_EQ(answer_out.took_ns, 100);
  EXPECT_TRUE(follower.StillOpen().empty());
}

TEST(Follower, AnAnswerWhoseCallWasNotSeenHasNoTime) {
  Follower follower;
  const Told answer = follower.Take(Of(kReceived, FrameKind::Reply, 5, 9, 150));
  EXPECT_EQ(answer.took_ns, -1);
  EXPECT_EQ(answer.type, 9u) << "it says itself of what it is";
}

TEST(Follower, ItemsBelongToTheirStreamWhicheverWayTheyGo) {
  Follower follower;
  follower.Take(Of(kSent, FrameKind::Request, 5, 3, 100));
  const Told mine = follower.Take(Of(kSent, FrameKind::Item, 5, 0, 110));
  EXPECT_EQ(mine.type, 3u);
  EXPECT_TRUE(mine.by_caller);
  const Told its = follower.Take(Of(kReceived, FrameKind::Item, 5, 0, 120));
  EXPECT_EQ(its.type, 3u);
  EXPECT_FALSE(its.by_caller);
}

TEST(Follower, CallsThatAreNotAnsweredStayOpenTheOldestFirst) {
  Follower follower;
  follower.Take(Of(kSent, FrameKind::Request, 2, 3, 100));
  follower.Take(Of(kReceived, FrameKind::Request, 1, 4, 120));
  follower.Take(Of(kSent, FrameKind::Request, 3, 5, 130));
  follower.Take(Of(kSent, FrameKind::Cancel, 3, 0, 140));
  const auto open = follower.StillOpen();
  ASSERT_EQ(open.size(), 2u) << "one was cancelled";
  EXPECT_EQ(open[0].type, 3u);
  EXPECT_FALSE(open[0].received);
  EXPECT_EQ(open[1].type, 4u);
  EXPECT_TRUE(open[1].received);
}

TEST(Follower, TheEndOfASessionEndsItsCalls) {
  Follower follower;
  follower.Take(Of(kSent, FrameKind::Request, 2, 3, 100));
  EXPECT_EQ(follower.Take(Of(kReceived, FrameKind::None, 0, 0, 200)).what, "ends");
  EXPECT_TRUE(follower.StillOpen().empty());
}

TEST(Follower, ForgetsTheOldestCallWhereTooManyAreOpen) {
  Follower follower;
  for (uint64_t id = 0; id <= Follower::kOpenMax; ++id)
    follower.Take(Of(kSent, FrameKind::Request, id, 1, 100));
  EXPECT_EQ(follower.StillOpen().size(), Follower::kOpenMax);
  EXPECT_EQ(follower.Take(Of(kReceived, FrameKind::Reply, 0, 1, 200)).took_ns, -1);
  EXPECT_EQ(follower.Take(Of(kReceived, FrameKind::Reply, 1, 1, 200)).took_ns, 100);
}

}  // namespace
}  // namespace jackfield::watch
