// The parts of the reliable shim, each by its rules: bytes of a packet, what has arrived, the round
// trip, the congestion window. The windows: windows_test.cc.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "transports/shim/reliable/congestion.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/packets_seen.h"
#include "transports/shim/reliable/round_trip.h"

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

}  // namespace
}  // namespace jackfield
