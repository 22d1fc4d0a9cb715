// The reliable shim's windows, each by its rules: losses and probes, segments in order.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/receive_window.h"
#include "transports/shim/reliable/send_window.h"

namespace jackfield {
namespace {

constexpr int64_t kMs = 1'000'000;

std::vector<std::byte> Frame(uint32_t bytes = kHeaderBytes) {
  std::vector<std::byte> frame(Align8(bytes));
  std::memcpy(frame.data() + 4, &bytes, 4);
  return frame;
}

// ---- Losses and probes.

class Sending : public testing::Test {
 protected:
  Sending() : pool_(64 << 20), window_(pool_, 1200, 1 << 20) { Ack(0, {}, 1, 500); }
  uint32_t Send(int64_t now_ns) {
    const std::vector<std::byte> bytes = Frame(100);
    const uint32_t segment = window_.Add(bytes);
    window_.OnSent(segment, 152, now_ns);
    EXPECT_EQ(window_.CheckInvariants(), absl::OkStatus());
    return segment;
  }
  // largest, and which of those before it
  bool Ack(uint32_t largest, const std::vector<uint32_t>& others, uint32_t segments_before,
           uint16_t room, int64_t now_ns = kMs, uint8_t words = 4) {
    Packet packet;
    packet.ack_words = words;
    packet.ack_largest = largest;
    packet.segments_before = segments_before;
    packet.window_segments = room;
    for (const uint32_t number : others) {
      const uint32_t bit = largest - 1 - number;
      packet.ack_bits[bit / 64] |= uint64_t{1} << (bit % 64);
    }
    const bool good = window_.OnAck(packet, now_ns);
    EXPECT_EQ(window_.CheckInvariants(), absl::OkStatus());
    return good;
  }
  BlockPool pool_;
  SendWindow window_;
};

TEST_F(Sending, KeepsASegmentUntilItIsAcknowledgedAndFreesItThen) {
  for (int i = 0; i < 3; ++i) Send(0);
  EXPECT_FALSE(window_.all_acknowledged());
  EXPECT_TRUE(Ack(3, {1, 2}, 4, 500));
  EXPECT_TRUE(window_.all_acknowledged());
  EXPECT_EQ(window_.packets_under_way(), 0u);
  EXPECT_TRUE(window_.arrived(2));
  window_.Rest();
  EXPECT_EQ(pool_.bytes_in_use(), 0u);
  EXPECT_TRUE(window_.arrived(2));
}

TEST_F(Sending, APacketThreeBehindIsLostAndItsSegmentIsSentAgain) {
  for (int i = 0; i < 4; ++i) Send(0);
  EXPECT_TRUE(Ack(3, {2}, 1, 500, 100));
  EXPECT_EQ(window_.NextToSend(), SendWindow::kNoSegment) << "two behind";
  EXPECT_TRUE(Ack(4, {2, 3}, 1, 500, 100));
  EXPECT_EQ(window_.lost_packets(), 1u);
  EXPECT_EQ(window_.NextToSend(), 1u);
  window_.OnSent(1, 152, 200);
  EXPECT_EQ(window_.NextToSend(), SendWindow::kNoSegment);
  EXPECT_TRUE(Ack(5, {4, 3, 2}, 5, 500, 300));
  EXPECT_TRUE(window_.all_acknowledged());
}

TEST_F(Sending, OncePacketsOvertookEachOtherOnlyTimeTells) {
  for (int i = 0; i < 3; ++i) Send(0);
  EXPECT_TRUE(Ack(3, {}, 1, 500, 100));
  EXPECT_TRUE(Ack(3, {2}, 1, 500, 110));  // 2 was overtaken
  for (int i = 0; i < 6; ++i) Send(200);
  EXPECT_TRUE(Ack(9, {2, 3, 5, 6, 7, 8}, 1, 500, 300));  // 1 is eight behind, 4 five
  EXPECT_EQ(window_.lost_packets(), 0u);
  const int64_t due_ns = window_.due_ns(1000 * kMs);
  EXPECT_GE(due_ns, RoundTrip::kGranularityNs);
  EXPECT_EQ(window_.OnTimer(due_ns), 0) << "a loss found is no timeout";
  EXPECT_GE(window_.lost_packets(), 1u);
  EXPECT_EQ(window_.NextToSend(), 1u);
  // It arrives after all: nothing is sent again, and the next is waited for longer.
  EXPECT_TRUE(Ack(9, {1, 2, 3, 5, 6, 7, 8}, 4, 500, due_ns + 1));
  EXPECT_EQ(window_.found_packets(), 1u);
  EXPECT_NE(window_.NextToSend(), 1u);
}

TEST_F(Sending, ASilenceBringsTwoProbesAndTheNextTakesAsLongUntilSomethingWasHeard) {
  Send(0);
  Send(0);
  const int64_t first_ns = window_.due_ns(1000 * kMs);
  EXPECT_EQ(first_ns, window_.round_trip().probe_timeout_ns());
  EXPECT_EQ(window_.OnTimer(first_ns), 2);
  EXPECT_EQ(window_.Unacknowledged(0), 1u);
  EXPECT_EQ(window_.Unacknowledged(1), 2u);
  EXPECT_EQ(window_.due_ns(1000 * kMs), first_ns) << "of the last one sent, at 0";
  EXPECT_EQ(window_.due_ns(kMs), kMs) << "bounded";
  window_.OnSent(1, 152, first_ns);
  EXPECT_TRUE(Ack(3, {}, 2, 500, first_ns + 1));
  EXPECT_FALSE(window_.all_acknowledged());
}

TEST_F(Sending, EachFurtherSilenceTakesTwiceAsLong) {
  Send(0);
  EXPECT_TRUE(Ack(1, {}, 1, 500, 10 * kMs));
  Send(10 * kMs);
  const int64_t timeout_ns = window_.round_trip().probe_timeout_ns();
  EXPECT_EQ(window_.due_ns(1000 * kMs), 10 * kMs + timeout_ns);
  window_.OnTimer(10 * kMs + timeout_ns);
  EXPECT_EQ(window_.due_ns(1000 * kMs), 10 * kMs + 2 * timeout_ns);
}

TEST_F(Sending, ACopyOfWhatHasArrivedIsNoLossWhenNobodySaysWhichOfThemDid) {
  Send(0);
  window_.OnSent(1, 152, kMs);  // a probe, with the same segment
  for (int i = 0; i < 70; ++i) Send(2 * kMs);
  const uint64_t before = window_.congestion().window_bytes();
  std::vector<uint32_t> all;
  for (uint32_t n = 8; n < 72; ++n) all.push_back(n);
  EXPECT_TRUE(Ack(72, all, 72, 500, 30 * kMs, 1));
  EXPECT_TRUE(window_.all_acknowledged());
  EXPECT_EQ(window_.packets_under_way(), 0u);
  EXPECT_EQ(window_.lost_packets(), 0u);
  EXPECT_GE(window_.congestion().window_bytes(), before);
}

TEST_F(Sending, SilenceAloneIsNoPersistentCongestionButLossesOverSoLongATimeAre) {
  for (int i = 0; i < 8; ++i) Send(0);
  EXPECT_TRUE(Ack(8, {1, 2, 3, 4, 5, 6, 7}, 9, 500, kMs));
  const uint64_t window = window_.congestion().window_bytes();
  const uint64_t least = uint64_t{Congestion::kLeastPackets} * 1200;
  ASSERT_GT(window, least);
  Send(2 * kMs);
  int64_t now_ns = 2 * kMs;
  for (int i = 0; i < 5; ++i) {
    now_ns = window_.due_ns(10'000 * kMs);
    EXPECT_EQ(window_.OnTimer(now_ns), 2);
    window_.OnSent(9, 152, now_ns);
  }
  EXPECT_EQ(window_.congestion().window_bytes(), window) << "nobody has lost anything yet";
  Send(now_ns);
  EXPECT_TRUE(Ack(15, {8}, 9, 500, now_ns + kMs));  // and of the six before it none came
  EXPECT_EQ(window_.congestion().window_bytes(), least);
}

TEST_F(Sending, ARestOfAFewMillisecondsLeavesTheWindowAsItIs) {
  for (uint32_t round = 0; round < 4; ++round) {
    for (int i = 0; i < 60; ++i) Send(round * 10 * kMs);
    std::vector<uint32_t> all;
    for (uint32_t n = 60 * round + 1; n < 60 * round + 60; ++n) all.push_back(n);
    EXPECT_TRUE(Ack(60 * round + 60, all, 60 * round + 61, 500, round * 10 * kMs + kMs / 2));
  }
  const uint64_t window = window_.congestion().window_bytes();
  ASSERT_GT(window, uint64_t{Congestion::kFirstPackets} * 1200);
  Send(200 * kMs);
  EXPECT_EQ(window_.congestion().window_bytes(), window);
  EXPECT_TRUE(Ack(241, {}, 242, 500, 201 * kMs));
  Send(2000 * kMs);
  EXPECT_EQ(window_.congestion().window_bytes(), uint64_t{Congestion::kFirstPackets} * 1200);
}

TEST_F(Sending, BelievesNothingOfAPacketThatAcknowledgesWhatWasNotSent) {
  Send(0);
  EXPECT_FALSE(Ack(2, {1}, 1, 500));
  EXPECT_FALSE(Ack(1, {}, 3, 500));
  EXPECT_EQ(window_.packets_under_way(), 1u);
  EXPECT_TRUE(Ack(1, {}, 2, 500));
}

TEST_F(Sending, StopsAtTheReceiversLimitAndTakesNoneBack) {
  EXPECT_TRUE(Ack(0, {}, 1, 500));
  uint32_t sent = 0;
  for (; window_.has_room() && sent < 1000; ++sent) Send(0);
  EXPECT_EQ(sent, 500u);
  EXPECT_TRUE(window_.limited_by_receiver());
  EXPECT_TRUE(Ack(1, {}, 2, 0));
  EXPECT_FALSE(window_.has_room());
  EXPECT_TRUE(Ack(2, {1}, 3, 500));
  EXPECT_TRUE(window_.has_room());
}

// ---- Into order.

TEST(ReceiveWindow, TakesEachSegmentOnceInAnyOrderAndNothingBeyondItsWindow) {
  using Taken = ReceiveWindow::Taken;
  BlockPool pool(64 << 20);
  ReceiveWindow window(pool, 4);
  const std::vector<std::byte> bytes = Frame(100);
  EXPECT_EQ(window.Take(3, bytes), Taken::kYes);
  EXPECT_TRUE(window.has_gaps());
  EXPECT_EQ(window.Take(3, bytes), Taken::kRepeat);
  EXPECT_EQ(window.Take(5, bytes), Taken::kNoRoom);
  EXPECT_EQ(window.Take(0, bytes), Taken::kNoRoom) << "no segment has that number";
  EXPECT_EQ(window.Take(1, bytes), Taken::kYes);
  EXPECT_EQ(window.next(), 2u);
  EXPECT_EQ(window.Take(2, bytes), Taken::kYes);
  EXPECT_EQ(window.next(), 4u);
  EXPECT_FALSE(window.has_gaps());
  EXPECT_EQ(window.room(), 1u) << "three are held";
  EXPECT_EQ(window.Take(2, bytes), Taken::kRepeat);
}

// 0 is no segment, so where the numbers wrap there is one less in the same span of them.
TEST(ReceiveWindow, IsNoLargerWhereItsNumbersWrap) {
  using Taken = ReceiveWindow::Taken;
  BlockPool pool(64 << 20);
  for (const uint32_t first : {0xfffffffbu, 0xfffffffcu, 0xfffffffdu, 0xffffffffu}) {
    ReceiveWindow window(pool, 4, first);
    uint32_t taken = 0;
    uint32_t number = first;
    while (taken < 8 && window.Take(number, Frame()) == Taken::kYes) {
      ++taken;
      if (++number == 0) ++number;
    }
    EXPECT_GE(taken, 3u) << first;
    EXPECT_LE(taken, 4u) << first;
    EXPECT_EQ(window.room(), 0u) << first;
    EXPECT_EQ(window.next(), number) << first;
  }
}

TEST(ReceiveWindow, WithoutMemoryNothingIsTaken) {
  BlockPool pool(20 << 10);
  ReceiveWindow window(pool, 4);
  const std::vector<std::byte> bytes = Frame(5000);
  EXPECT_EQ(window.Take(1, bytes), ReceiveWindow::Taken::kNoRoom);
  EXPECT_EQ(window.next(), 1u);
}

}  // namespace
}  // namespace jackfield
