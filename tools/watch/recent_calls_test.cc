#include "tools/watch/recent_calls.h"

#include "gtest/gtest.h"

namespace jackfield::watch {
namespace {

constexpr uint64_t kKv = 7, kGate = 8;
constexpr uint32_t kGet = 3, kLook = 4;

class RecentCallsTest : public ::testing::Test {
 protected:
  RecentCallsTest() {
    page_.name = "orders";
    page_.peers = {{kKv, "kv"}, {kGate, "gate\n"}};
  }
  void Add(FrameWay way, FrameKind kind, uint64_t peer, uint64_t call, int64_t now_ns,
           uint32_t type = 0, uint8_t code = 0) {
    page_.events.push_back({.number = page_.events.size() + 1,
                            .realtime_ns = now_ns,
                            .way = way,
                            .kind = kind,
                            .code = code,
                            .frame_bytes = 48,
                            .type = type,
                            .call_id = call,
                            .peer_epoch = peer});
  }
  std::vector<RecentCall> Calls() const { return RecentCalls(page_, methods_); }

  PageCopy page_;
  std::map<uint32_t, std::string> methods_ = {{kGet, "kv.Kv/Get"},
                                              {kLook, "jackfield.control.Control/Look"}};
};

TEST_F(RecentCallsTest, AnAnswerBelongsToItsCallOnBothSides) {
  Add(FrameWay::kReceived, FrameKind::Request, kGate, 1, 100, 9);
  Add(FrameWay::kSent, FrameKind::Request, kKv, 1, 110, kGet);
  Add(FrameWay::kReceived, FrameKind::Reply, kKv, 1, 140, 0, 4);
  Add(FrameWay::kSent, FrameKind::Reply, kGate, 1, 150);
  const std::vector<RecentCall> calls = Calls();
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_TRUE(calls[0].made);
  EXPECT_EQ(calls[0].client + " → " + calls[0].server, "orders → kv");
  EXPECT_EQ(calls[0].method, "kv.Kv/Get");
  EXPECT_EQ(calls[0].begun_ns, 110);
  EXPECT_EQ(calls[0].took_ns, 30);
  EXPECT_EQ(calls[0].code, 4);
  EXPECT_FALSE(calls[1].made);
  EXPECT_EQ(calls[1].client, "gate\\x0a") << "harmless";
  EXPECT_EQ(calls[1].method, "type 9") << "nobody says what it is called";
}

TEST_F(RecentCallsTest, OpenOnesComeLastAndAnAnswerWithoutItsCallIsNone) {
  Add(FrameWay::kReceived, FrameKind::Reply, kKv, 5, 100);
  Add(FrameWay::kSent, FrameKind::Request, kKv, 6, 110, kGet);
  const std::vector<RecentCall> calls = Calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_FALSE(calls[0].answered);
  EXPECT_EQ(calls[0].begun_ns, 110);
}

TEST_F(RecentCallsTest, WhatToolsAskIsLeftOut) {
  Add(FrameWay::kReceived, FrameKind::Request, kGate, 1, 100, kLook);
  Add(FrameWay::kSent, FrameKind::Reply, kGate, 1, 110);
  EXPECT_TRUE(Calls().empty());
}

}  // namespace
}  // namespace jackfield::watch
