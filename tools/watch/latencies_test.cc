#include "tools/watch/latencies.h"

#include "gtest/gtest.h"

namespace jackfield::watch {
namespace {

constexpr uint64_t kKv = 7;

// A page of "orders" with a call to kv that took so long, after those it had.
void Add(PageCopy& page, int64_t took_ns, FrameWay out = FrameWay::kSent) {
  const uint64_t number = page.events.empty() ? 1 : page.events.back().number + 1;
  const FrameWay in = out == FrameWay::kSent ? FrameWay::kReceived : FrameWay::kSent;
  page.events.push_back({.number = number,
                         .realtime_ns = 0,
                         .way = out,
                         .kind = FrameKind::Request,
                         .call_id = number,
                         .peer_epoch = kKv});
  page.events.push_back({.number = number + 1,
                         .realtime_ns = took_ns,
                         .way = in,
                         .kind = FrameKind::Reply,
                         .call_id = number,
                         .peer_epoch = kKv});
}

class LatenciesTest : public ::testing::Test {
 protected:
  LatenciesTest() {
    page_.name = "orders";
    page_.peers[kKv] = "kv";
  }
  Quantiles Take() { return latencies_.Take({page_})[{"orders", "kv"}]; }
  PageCopy page_;
  Latencies latencies_;
};

TEST_F(LatenciesTest, AreThoseOfTheCallsThatAServiceMade) {
  for (int64_t i = 1; i <= 100; ++i) Add(page_, i);
  Add(page_, 5000, FrameWay::kReceived);  // one that it was asked for
  const Quantiles quantiles = Take();
  EXPECT_EQ(quantiles.calls, 100u);
  EXPECT_EQ(quantiles.p50_ns, 50);
  EXPECT_EQ(quantiles.p99_ns, 99);
}

TEST_F(LatenciesTest, CountEachCallOnce) {
  Add(page_, 10);
  EXPECT_EQ(Take().calls, 1u);
  EXPECT_EQ(Take().calls, 0u);
  Add(page_, 20);
  const Quantiles quantiles = Take();
  EXPECT_EQ(quantiles.calls, 1u);
  EXPECT_EQ(quantiles.p50_ns, 20);
  EXPECT_EQ(quantiles.p99_ns, 20) << "of one";
}

TEST_F(LatenciesTest, OfAServerThatWasStartedAgainAreOne) {
  Add(page_, 10);
  Add(page_, 30);
  page_.peers[kKv + 1] = "kv";
  page_.events[2].peer_epoch = page_.events[3].peer_epoch = kKv + 1;
  EXPECT_EQ(Take().calls, 2u);
}

TEST_F(LatenciesTest, OfAClientThatWasStartedAgainBeginAnew) {
  Add(page_, 10);
  EXPECT_EQ(Take().calls, 1u);
  page_.pid += 1;
  EXPECT_EQ(Take().calls, 1u) << "its messages are counted from 1 again";
}

}  // namespace
}  // namespace jackfield::watch
