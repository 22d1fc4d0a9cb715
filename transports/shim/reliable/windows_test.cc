// The parts of the reliable shim, each by its rules: bytes of a packet, what has arrived, the round
// trip, the congestion window, losses and probes, segments in order.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "transports/shim/reliable/congestion.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/packets_seen.h"
#include "transports/shim/reliable/receive_window.h"
#include "transports/shim/reliable/round_trip.h"
#include "transports/shim/reliable/send_window.h"

namespace jackfield {
namespace {

constexpr int64_t kMs = 1'000'000;

std::vector<std::byte> Frame(uint32_t bytes = kHeaderBytes) {
  std::vector<std::byte> frame(Align8(bytes));
  std::memcpy(frame.data() + 4, &bytes, 4);
  return frame;
}

// ---- Packets.

Packet Sample() {
  Packet packet;
  packet.kind = PacketKind::kData;
  packet.ack_words = 2;
  packet.to = 0x0807060504030201;
  packet.number = 0x14131211;
  packet.segment = 0x24232221;
  packet.segments_before = 0x34333231;
  packet.window_segments = 0x4241;
  packet.ack_delay_us = 0x4443;
  packet.ack_largest = 0x54535251;
  packet.ack_bits = {0x6867666564636261, 0x7877767574737271};
  return packet;
}

TEST(Packet, HasItsBytesWhereTheDocumentSays) {
  std::vector<std::byte> bytes(56);
  const std::vector<std::byte> frame = Frame();
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  Sample().Write(bytes);
  constexpr unsigned char kWant[56] = {
      0x4a, 1,    0x23, 2,    104,  0,    0,    0,    1,    2,    3,    4,    5,    6,
      7,    8,    0,    0,    0,    0,    0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24,
      0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44, 0x51, 0x52, 0x53, 0x54, 0x61, 0x62,
      0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78};
  for (size_t i = 0; i < sizeof kWant; ++i) {
    if (i >= 16 && i < 20) continue;  // the checksum
    EXPECT_EQ(std::to_integer<int>(bytes[i]), kWant[i]) << i;
  }
  Packet read;
  EXPECT_EQ(read.Read(bytes), nullptr);
  EXPECT_EQ(read.to, Sample().to);
  EXPECT_EQ(read.ack_bits, Sample().ack_bits);
  EXPECT_EQ(read.segment, Sample().segment);
}

TEST(Packet, IsRefusedWithAnyBitTurnedOver) {
  std::vector<std::byte> bytes(56);
  const std::vector<std::byte> frame = Frame(61);
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  Sample().Write(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_NE(Packet().Read(bytes), nullptr) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(Packet().Read({bytes.data(), length}), nullptr) << length;
}

TEST(Packet, IsRefusedWithWhatItsKindDoesNotHave) {
  const auto fault = [](Packet packet, uint32_t payload) {
    std::vector<std::byte> bytes(packet.header_bytes() + payload);
    packet.Write(bytes);
    return Packet().Read(bytes);
  };
  Packet ack;
  EXPECT_EQ(fault(ack, 0), nullptr);
  EXPECT_NE(fault(ack, 8), nullptr);
  ack.number = 1;
  EXPECT_NE(fault(ack, 0), nullptr);
  Packet data = Sample();
  EXPECT_NE(fault(data, 0), nullptr);
  EXPECT_NE(fault(data, 48), nullptr) << "zeros are no frame";
  Packet open;
  open.kind = PacketKind::kOpen;
  EXPECT_NE(fault(open, 0), nullptr) << "no id";
  open.from = open.idle_ms = 1;
  EXPECT_EQ(fault(open, 0), nullptr);
}

TEST(Packet, ASegmentIsWholeFramesAndNothingElse) {
  std::vector<std::byte> segment = Frame(48);
  const std::vector<std::byte> second = Frame(61);
  segment.insert(segment.end(), second.begin(), second.end());
  EXPECT_TRUE(SegmentIsSound(segment));
  std::vector<uint32_t> lengths;
  EXPECT_EQ(EachFrame(segment, 0,
                      [&](std::byte*, uint32_t bytes) {
                        lengths.push_back(bytes);
                        return true;
                      }),
            segment.size());
  EXPECT_EQ(lengths, (std::vector<uint32_t>{48, 61}));
  for (const uint32_t length : {0u, 47u, 65u, 0xfffffff9u, 0xffffffffu}) {
    std::memcpy(segment.data() + 52, &length, 4);
    EXPECT_FALSE(SegmentIsSound(segment)) << length;
  }
  EXPECT_FALSE(SegmentIsSound({}));
}

// ---- What has arrived.

TEST(PacketsSeen, TellsNextFromOddFromRepeated) {
  using Arrival = PacketsSeen::Arrival;
  PacketsSeen seen;
  EXPECT_EQ(seen.Note(1), Arrival::kNext);
  EXPECT_EQ(seen.Note(2), Arrival::kNext);
  EXPECT_EQ(seen.Note(2), Arrival::kRepeat);
  EXPECT_EQ(seen.Note(5), Arrival::kOdd);
  EXPECT_EQ(seen.bits()[0], 0b1100u);  // 4, 3 no; 2, 1 yes
  EXPECT_EQ(seen.Note(4), Arrival::kOdd);
  EXPECT_EQ(seen.Note(4), Arrival::kRepeat);
  EXPECT_EQ(seen.bits()[0], 0b1101u);
  EXPECT_EQ(seen.Note(70), Arrival::kOdd);
  EXPECT_EQ(seen.bits()[1], 0b1101u << 1 | 1u);  // 5 is bit 64
  EXPECT_EQ(seen.Note(1000), Arrival::kOdd);
  EXPECT_EQ(seen.bits(), (std::array<uint64_t, 4>{}));
  EXPECT_EQ(seen.Note(743), Arrival::kRepeat) << "too old to tell";
  EXPECT_EQ(seen.Note(744), Arrival::kOdd) << "the oldest bit";
}

// ---- The round trip.

TEST(RoundTrip, SmoothsAsRfc6298Says) {
  RoundTrip trip;
  trip.Measure(100 * kMs, 0);
  EXPECT_EQ(trip.smoothed_ns(), 100 * kMs);
  EXPECT_EQ(trip.variation_ns(), 50 * kMs);
  trip.Measure(180 * kMs, 0);
  EXPECT_EQ(trip.smoothed_ns(), 110 * kMs);
  EXPECT_EQ(trip.variation_ns(), (3 * 50 + 80) * kMs / 4);
  EXPECT_EQ(trip.probe_timeout_ns(),
            trip.smoothed_ns() + 4 * trip.variation_ns() + RoundTrip::kAckDelayMaxNs);
}

TEST(RoundTrip, TakesTheReceiversDelayOffButNeverBelowTheLeast) {
  RoundTrip trip;
  trip.Measure(10 * kMs, 0);
  trip.Measure(10 * kMs, 2 * kMs);
  EXPECT_EQ(trip.smoothed_ns(), 10 * kMs) << "8 ms would be less than the least";
  trip.Measure(18 * kMs, 1000 * kMs);
  EXPECT_EQ(trip.smoothed_ns(), (7 * 10 + 16) * kMs / 8) << "2 ms is the most that is believed";
}

// ---- The congestion window.

TEST(RoundTrip, BacksOffAtOnceOnlyWhenItKnowsTheWay) {
  RoundTrip trip;
  const int64_t first_ns = trip.backed_off_ns(0);
  EXPECT_EQ(trip.backed_off_ns(RoundTrip::kLinearTimeouts), first_ns);
  EXPECT_EQ(trip.backed_off_ns(RoundTrip::kLinearTimeouts + 2), 4 * first_ns);
  trip.Measure(10 * kMs, 0);
  EXPECT_EQ(trip.backed_off_ns(1), 2 * trip.probe_timeout_ns());
  EXPECT_EQ(trip.backed_off_ns(1000), trip.backed_off_ns(16)) << "bounded";
}

// The first acknowledgement was lost; a later packet says it again.
TEST(RoundTrip, AFirstWordThatWasLostDoesNotMakeTheWayLong) {
  RoundTrip trip;
  trip.Measure(62 * kMs, 61 * kMs);
  EXPECT_EQ(trip.smoothed_ns(), 1 * kMs);
  EXPECT_LT(trip.probe_timeout_ns(), 10 * kMs);
  // A claim of more than the whole time is not believed beyond it.
  RoundTrip lied_to;
  lied_to.Measure(62 * kMs, 100 * kMs);
  EXPECT_EQ(lied_to.smoothed_ns(), 0);
  EXPECT_GE(lied_to.probe_timeout_ns(), RoundTrip::kGranularityNs);
}

TEST(Congestion, DoublesInSlowStartAndShrinksOnceForEachRoundOfLosses) {
  Congestion congestion(1200);
  EXPECT_EQ(congestion.window_bytes(), 12'000u);
  congestion.OnAcked(12'000, 1, 2, kMs, true);
  EXPECT_EQ(congestion.window_bytes(), 24'000u);
  congestion.OnAcked(12'000, 1, 2, kMs, false);
  EXPECT_EQ(congestion.window_bytes(), 24'000u) << "a window that is not used does not grow";
  congestion.OnLost(10, 100);
  EXPECT_EQ(congestion.window_bytes(), 16'800u);
  congestion.OnLost(90, 110);
  EXPECT_EQ(congestion.window_bytes(), 16'800u) << "sent before the decrease";
  congestion.OnLost(101, 200);
  EXPECT_EQ(congestion.window_bytes(), 11'760u);
  for (int64_t at = 300; at < 3000; at += 100) congestion.OnLost(at, at + 1);
  EXPECT_EQ(congestion.window_bytes(), 4800u) << "the least";
}

TEST(Congestion, ComesBackToWhereItWasAndThenGoesFurther) {
  Congestion congestion(1000);
  for (int i = 0; i < 9; ++i) congestion.OnAcked(10'000, 1, 2, kMs, true);
  ASSERT_EQ(congestion.window_bytes(), 100'000u);
  congestion.OnLost(3, 10);
  int64_t now_ns = 20;
  int64_t back_ns = 0;
  for (; now_ns < 10'000 * kMs; now_ns += 10 * kMs) {
    congestion.OnAcked(static_cast<uint32_t>(congestion.window_bytes()), now_ns, now_ns, 10 * kMs,
                       true);
    if (back_ns == 0 && congestion.window_bytes() >= 100'000) back_ns = now_ns;
  }
  EXPECT_GT(back_ns, 500 * kMs);
  EXPECT_LT(back_ns, 5000 * kMs);  // K = cbrt(30 / 0.4) = 4.2 s
  EXPECT_GT(congestion.window_bytes(), 110'000u);
}

// ---- Losses and probes.

class Sending : public testing::Test {
 protected:
  Sending() : pool_(64 << 20), window_(pool_, 1200, 1 << 20) { Ack(0, {}, 1, 500); }
  uint32_t Send(int64_t now_ns) {
    const std::vector<std::byte> bytes = Frame(100);
    const uint32_t segment = window_.Add(bytes);
    window_.OnSent(segment, 152, now_ns);
    window_.CheckInvariants();
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
    window_.CheckInvariants();
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

TEST(ReceiveWindow, WithoutMemoryNothingIsTaken) {
  BlockPool pool(20 << 10);
  ReceiveWindow window(pool, 4);
  const std::vector<std::byte> bytes = Frame(5000);
  EXPECT_EQ(window.Take(1, bytes), ReceiveWindow::Taken::kNoRoom);
  EXPECT_EQ(window.next(), 1u);
}

}  // namespace
}  // namespace jackfield
