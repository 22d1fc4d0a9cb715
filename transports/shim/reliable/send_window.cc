#include "transports/shim/reliable/send_window.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/check.h"

namespace jackfield {
namespace {

constexpr uint32_t kPatienceMax = 16;
constexpr int kPersistentTimeouts = 3;  // RFC 9002 kPersistentCongestionThreshold
// The least retransmission timeout of RFC 6298 §2.4, by which RFC 5681 §4.1 measures a rest. On one
// machine a probe timeout is a few milliseconds, as long as a busy one may keep a process waiting.
constexpr int64_t kRestNs = 1'000'000'000;

}  // namespace

SendWindow::SendWindow(MemoryAccount& memory, uint32_t packet_bytes_max, uint64_t bytes_max)
    : memory_(memory),
      packet_bytes_max_(packet_bytes_max),
      bytes_max_(bytes_max),
      congestion_(packet_bytes_max) {}

SendWindow::~SendWindow() = default;

uint32_t SendWindow::Add(std::span<const std::byte> bytes) {
  if (!Hold()) return kNoSegment;
  Block block = memory_.Get(static_cast<uint32_t>(bytes.size()));
  if (!block) return kNoSegment;
  std::memcpy(block.data(), bytes.data(), bytes.size());
  Segment& segment = segments_[end_];
  segment.block = std::move(block);
  segment.bytes = static_cast<uint32_t>(bytes.size());
  segment.acknowledged = false;
  segment.last_packet = 0;
  segment.to_send = true;  // until its first packet leaves
  ++to_send_segments_;
  held_bytes_ += bytes.size();
  const uint32_t number = end_;
  if (++end_ == kNoSegment) ++end_;
  return number;
}

uint32_t SendWindow::NextToSend() {
  if (to_send_segments_ == 0) return kNoSegment;
  for (uint32_t n = begin_; n != end_; ++n) {
    if (segments_[n].to_send) return n;
  }
  return kNoSegment;
}

uint32_t SendWindow::Unacknowledged(int n) {
  if (begin_ == end_) return kNoSegment;
  if (n == 0) return begin_;  // the first is never acknowledged: begin_ moves past it
  for (uint32_t number = end_ - 1; number != begin_; --number) {
    if (!segments_[number].acknowledged) return number;
  }
  return kNoSegment;
}

std::span<const std::byte> SendWindow::BytesOf(uint32_t segment) {
  return {segments_[segment].block.data(), segments_[segment].bytes};
}

void SendWindow::OnSent(uint32_t segment, uint32_t bytes, int64_t now_ns) {
  if (under_way_ == 0 && last_sent_ns_ != 0 &&
      now_ns - last_sent_ns_ > std::max(round_trip_.probe_timeout_ns(), kRestNs))
    congestion_.OnRestart();
  packets_[next_packet_] = {now_ns, next_packet_, segment, bytes, Fate::kUnderWay};
  ++under_way_;
  under_way_bytes_ += bytes;
  last_sent_ns_ = now_ns;
  if (segment != kNoSegment) {
    Segment& sent = segments_[segment];
    if (sent.to_send) --to_send_segments_;
    sent.to_send = false;
    sent.last_packet = next_packet_;
  }
  if (++next_packet_ == 0) ++next_packet_;  // 0 is no number
}

bool SendWindow::arrived(uint32_t number) {
  if (!packets_.held()) return After(next_packet_, number);  // nothing is under way
  const Sent& sent = packets_[number];
  return sent.number == number && sent.fate == Fate::kKnown;
}

bool SendWindow::OnAck(const Packet& packet, int64_t now_ns) {
  if (packet.ack_largest != 0 && !After(next_packet_, packet.ack_largest)) return false;
  if (After(packet.segments_before, end_)) return false;
  const uint32_t limit = packet.segments_before + packet.window_segments;
  if (After(limit, limit_)) limit_ = limit;

  // RFC 9002 §7.8: a window that is not used does not grow.
  const bool limited =
      under_way_bytes_ + packet_bytes_max_ >= congestion_.window_bytes() ||
      (congestion_.in_slow_start() && 2 * under_way_bytes_ >= congestion_.window_bytes());
  if (packet.ack_largest != 0 && packets_.held()) {
    const uint32_t largest = packet.ack_largest;
    Sent& sent = packets_[largest];
    if (sent.number == largest && sent.fate == Fate::kUnderWay)
      round_trip_.Measure(now_ns - sent.sent_ns, int64_t{packet.ack_delay_us} * 1000);
    OnPacketArrived(largest, now_ns, limited);
    for (uint32_t bit = 0; bit < 64u * packet.ack_words; ++bit) {
      const uint32_t number = largest - 1 - bit;
      if (After(oldest_, number)) break;
      if ((packet.ack_bits[bit / 64] >> (bit % 64) & 1) != 0)
        OnPacketArrived(number, now_ns, limited);
    }
    if (largest_acked_ == 0 || After(largest, largest_acked_)) largest_acked_ = largest;
    reported_from_ = largest - 64u * packet.ack_words;
  }
  while (After(packet.segments_before, begin_)) OnSegmentArrived(begin_);
  if (packets_.held()) FindLost(now_ns);
  return true;
}

void SendWindow::OnPacketArrived(uint32_t number, int64_t now_ns, bool limited) {
  Sent& sent = packets_[number];
  if (sent.number != number || sent.fate == Fate::kKnown) return;
  if (largest_acked_ != 0 && After(largest_acked_, number)) overtaking_seen_ = true;
  if (sent.fate == Fate::kLost) {
    ++found_packets_;
    patience_ = std::min(patience_ + 1, kPatienceMax);
    sent.fate = Fate::kKnown;
  } else {
    NoLongerUnderWay(sent, Fate::kKnown);
    congestion_.OnAcked(sent.bytes, sent.sent_ns, now_ns, round_trip_.smoothed_ns(), limited);
  }
  timeouts_ = 0;
  if (sent.segment != kNoSegment && !After(begin_, sent.segment)) OnSegmentArrived(sent.segment);
}

void SendWindow::OnSegmentArrived(uint32_t number) {
  Segment& segment = segments_[number];
  if (!segment.acknowledged && segment.bytes != 0) {
    segment.acknowledged = true;
    held_bytes_ -= segment.bytes;
    segment.block.Reset();
    if (segment.to_send) {
      segment.to_send = false;
      --to_send_segments_;
    }
    // Acknowledged as one of many, by a word that reaches further back than the bits do.
    Sent& sent = packets_[segment.last_packet];
    if (sent.number == segment.last_packet && sent.fate == Fate::kUnderWay) {
      NoLongerUnderWay(sent, Fate::kKnown);
      timeouts_ = 0;
    }
  }
  while (begin_ != end_ && (segments_[begin_].acknowledged || begin_ == kNoSegment)) {
    segments_[begin_].bytes = 0;
    segments_[begin_].acknowledged = false;
    ++begin_;
  }
}

void SendWindow::NoLongerUnderWay(Sent& sent, Fate fate) {
  sent.fate = fate;
  --under_way_;
  under_way_bytes_ -= sent.bytes;
}

int64_t SendWindow::LossDelayNs() const {
  const int64_t trip_ns = std::max(round_trip_.latest_ns(), round_trip_.smoothed_ns());
  const int64_t step_ns = std::max(round_trip_.min_ns(), RoundTrip::kGranularityNs) / 4;
  return std::max(trip_ns + trip_ns / 8, RoundTrip::kGranularityNs) + patience_ * step_ns;
}

void SendWindow::FindLost(int64_t now_ns) {
  loss_due_ns_ = Timers::kNever;
  if (largest_acked_ == 0) return;
  const int64_t delay_ns = LossDelayNs();
  int64_t youngest_ns = INT64_MIN;
  // Persistent congestion, RFC 9002 §7.6.2: everything sent over so long a time was lost.
  int64_t run_began_ns = INT64_MIN;
  bool persistent = false;
  const int64_t persistent_ns = kPersistentTimeouts * round_trip_.probe_timeout_ns();
  for (uint32_t n = oldest_; n != next_packet_ && !After(n, largest_acked_); ++n) {
    Sent& sent = packets_[n];
    if (sent.number != n) continue;
    if (sent.fate == Fate::kLost && run_began_ns == INT64_MIN) run_began_ns = sent.sent_ns;
    if (sent.fate == Fate::kKnown) run_began_ns = INT64_MIN;
    if (sent.fate != Fate::kUnderWay) continue;
    // Its segment has arrived, by this packet or by a later one that carried it again: nobody says
    // which, so it is no sign of a loss.
    if (After(reported_from_, n) && sent.segment != kNoSegment && IsAcknowledged(sent.segment)) {
      NoLongerUnderWay(sent, Fate::kKnown);
      continue;
    }
    const bool many_later = !overtaking_seen_ && largest_acked_ - n >= kPacketThreshold;
    if (many_later || sent.sent_ns + delay_ns <= now_ns) {
      youngest_ns = std::max(youngest_ns, sent.sent_ns);
      if (run_began_ns == INT64_MIN) run_began_ns = sent.sent_ns;
      persistent |= sent.sent_ns - run_began_ns > persistent_ns;
      Lose(sent);
    } else {
      loss_due_ns_ = std::min(loss_due_ns_, sent.sent_ns + delay_ns);
    }
  }
  if (youngest_ns != INT64_MIN) congestion_.OnLost(youngest_ns, now_ns);
  if (persistent) congestion_.OnPersistentCongestion();
  // What was lost is remembered a while, in case it arrives after all.
  while (oldest_ != next_packet_ &&
         (packets_[oldest_].fate == Fate::kKnown || oldest_ == 0 ||
          (packets_[oldest_].fate == Fate::kLost && next_packet_ - oldest_ > kPacketsMax / 4)))
    ++oldest_;
}

bool SendWindow::IsAcknowledged(uint32_t segment) {
  return After(begin_, segment) || segments_[segment].acknowledged;
}

void SendWindow::Lose(Sent& sent) {
  NoLongerUnderWay(sent, Fate::kLost);
  ++lost_packets_;
  if (sent.segment == kNoSegment || After(begin_, sent.segment)) return;
  Segment& segment = segments_[sent.segment];
  if (segment.acknowledged || segment.to_send || segment.last_packet != sent.number) return;
  segment.to_send = true;
  ++to_send_segments_;
}

int64_t SendWindow::due_ns(int64_t probe_gap_max_ns) const {
  if (under_way_ == 0) return Timers::kNever;
  if (loss_due_ns_ != Timers::kNever) return loss_due_ns_;
  return last_sent_ns_ + std::min(round_trip_.backed_off_ns(timeouts_),
                                  std::max(probe_gap_max_ns, RoundTrip::kGranularityNs));
}

int SendWindow::OnTimer(int64_t now_ns) {
  if (loss_due_ns_ != Timers::kNever) {
    FindLost(now_ns);
    return 0;
  }
  ++timeouts_;
  return kProbesPerTimeout;
}

void SendWindow::Rest() {
  JF_CHECK(begin_ == end_ && under_way_ == 0, "a window rests when nothing is under way");
  segments_.Release();
  packets_.Release();
  oldest_ = next_packet_;
  loss_due_ns_ = Timers::kNever;
}

absl::Status SendWindow::CheckInvariants() {
  uint32_t under_way = 0, lost = 0;
  uint64_t bytes = 0;
  for (uint32_t n = oldest_; packets_.held() && n != next_packet_; ++n) {
    if (packets_[n].number != n || packets_[n].fate != Fate::kUnderWay) continue;
    ++under_way;
    bytes += packets_[n].bytes;
  }
  JF_RULE(under_way == under_way_ && bytes == under_way_bytes_,
          "under_way_ and its bytes are those of the packets so marked");
  for (uint32_t n = begin_; n != end_; ++n) {
    Segment& segment = segments_[n];
    lost += segment.to_send;
    const Sent& last = packets_[segment.last_packet];
    JF_RULE(!segment.to_send || !segment.acknowledged, "what is acknowledged is not sent again");
    JF_RULE(segment.acknowledged || segment.to_send ||
                (last.number == segment.last_packet && last.fate == Fate::kUnderWay),
            "a segment is acknowledged, to be sent, or under way");
  }
  JF_RULE(lost == to_send_segments_, "to_send_segments_ counts those marked to_send");
  return absl::OkStatus();
}

}  // namespace jackfield
