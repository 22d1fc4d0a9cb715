// What goes out. See reliable_driver.h.
#include <algorithm>
#include <cstring>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "transports/shim/reliable/reliable_driver.h"

namespace jackfield {
namespace {

constexpr int64_t kOpenGapMostNs = 250'000'000;
constexpr uint32_t kPacketsPerPump = 32;  // RFC 9002 §7.7: bursts are bounded
constexpr uint16_t kPacketsPerAck = 2;    // RFC 9000 §13.2.2

}  // namespace

void ReliableDriver::Send(Link& link) {
  SendHellos();
  if (state_ == State::kOpening) return;
  if (window_probe_ns_ != 0 && now_ns_ >= window_probe_ns_) {
    window_probe_ns_ = 0;
    ping_wanted_ = true;
  }
  SendProbes(link);
  SendSegments(link);
  // Whatever is under way asks as well as a Ping would.
  if (ping_wanted_ && (send_.packets_under_way() > 0 || SendBare(PacketKind::kPing, remote_)))
    ping_wanted_ = false;
  if (close_wanted_ && SendBare(PacketKind::kClose, remote_)) close_wanted_ = false;
  // A window that has opened by half is worth a word of its own.
  if (receive_.next() + receive_.room() - limit_told_ >= receive_.window() / 2) ack_now_ = true;
  // When frames were handed up just now, the answer to them may carry the acknowledgement: the
  // next pump is soon.
  const bool wait_for_answer = link.has_rx() && state_ == State::kOpen;
  if (ack_now_ || (unacknowledged_ >= kPacketsPerAck && !wait_for_answer))
    SendBare(PacketKind::kAck, remote_);
}

void ReliableDriver::SendHellos() {
  if (reset_to_ != 0 && SendBare(PacketKind::kReset, reset_to_)) reset_to_ = 0;
  if (accept_wanted_ && SendBare(PacketKind::kAccept, remote_)) accept_wanted_ = false;
  if (state_ == State::kOpening && initiator_ && now_ns_ >= open_again_ns_ &&
      SendBare(PacketKind::kOpen, 0)) {
    open_again_ns_ = now_ns_ + std::min(send_.round_trip().backed_off_ns(opens_++), kOpenGapMostNs);
  }
}

// Up to two packets that want an acknowledgement, whatever the congestion window says.
void ReliableDriver::SendProbes(Link& link) {
  for (int n = 0; probes_ > 0; --probes_, ++n) {
    if (!send_.has_packet_room()) break;
    if (const uint32_t due = send_.NextToSend(); due != SendWindow::kNoSegment) {
      if (!SendSegment(due)) break;
    } else if (const uint32_t old = send_.Unacknowledged(n); old != SendWindow::kNoSegment) {
      if (!SendSegment(old)) break;
    } else if (n == 0 && !SendNew(link) && !SendBare(PacketKind::kPing, remote_)) {
      break;
    }
  }
}

void ReliableDriver::SendSegments(Link& link) {
  for (uint32_t packets = 0; packets < kPacketsPerPump; ++packets) {
    if (const uint32_t due = send_.NextToSend(); due != SendWindow::kNoSegment) {
      if (!send_.MaySend(packet_bytes_max_) || !SendSegment(due)) return;
      continue;
    }
    if (!send_.MaySend(packet_bytes_max_) || !SendNew(link)) return;
  }
  progress_ = true;  // there may be more
}

// The frames that are next, as many as fit into one packet.
bool ReliableDriver::SendNew(Link& link) {
  if (state_ != State::kOpen || !link.has_tx() || !send_.has_room()) return false;
  const uint32_t bytes_max = FrameBytesMax(packet_bytes_max_);
  uint32_t frames = 0, bytes = 0;
  for (; frames < link.tx_frames(); ++frames) {
    const FrameRef& frame = link.NextTx(frames);
    if (bytes + Align8(frame.bytes) > bytes_max) break;
    bytes += Align8(frame.bytes);
  }
  if (frames == 0) {
    End(MakeStatus(Outcome::kFailed, Reason::kMisuse,
                   Text(inner_.traits().description, ": a frame of ", link.NextTx().bytes,
                        " bytes; the link takes ", bytes_max)));
    return false;
  }
  Packet packet;
  std::byte* at = Begin(packet, PacketKind::kData, bytes);
  if (at == nullptr) return false;
  std::byte* to = at + packet.header_bytes();
  for (uint32_t i = 0; i < frames; ++i) {
    const FrameRef& frame = link.NextTx(i);
    std::memcpy(to, frame.data, Align8(frame.bytes));
    to += Align8(frame.bytes);
  }
  const uint32_t segment = send_.Add({at + packet.header_bytes(), bytes});
  if (segment == SendWindow::kNoSegment) {
    inner_.Abandon();
    retry_ns_ = now_ns_;
    return false;
  }
  packet.segment = segment;
  Finish(packet, at, segment, bytes);
  link.PopTx(frames);
  return true;
}

bool ReliableDriver::SendSegment(uint32_t segment) {
  const std::span<const std::byte> bytes = send_.BytesOf(segment);
  Packet packet;
  const auto size = static_cast<uint32_t>(bytes.size());
  std::byte* at = Begin(packet, PacketKind::kData, size);
  if (at == nullptr) return false;
  std::memcpy(at + packet.header_bytes(), bytes.data(), bytes.size());
  packet.segment = segment;
  ++counts_.segments_sent_again;
  Finish(packet, at, segment, size);
  return true;
}

bool ReliableDriver::SendBare(PacketKind kind, uint64_t to) {
  Packet packet;
  std::byte* at = Begin(packet, kind, 0);
  if (at == nullptr) return false;
  packet.to = to;
  if (kind == PacketKind::kClose) {
    packet.segment = send_.end();
    close_packet_ = packet.number;
  }
  Finish(packet, at, SendWindow::kNoSegment, 0);
  return true;
}

// A packet with room for so many bytes behind its header; all but `to` and `segment` is filled in.
std::byte* ReliableDriver::Begin(Packet& packet, PacketKind kind, uint32_t payload_bytes) {
  packet.kind = kind;
  const bool numbered =
      kind == PacketKind::kData || kind == PacketKind::kPing || kind == PacketKind::kClose;
  if (numbered) {
    if (!send_.Hold()) {
      retry_ns_ = now_ns_;
      return nullptr;
    }
    packet.number = send_.next_packet();
  }
  packet.to = remote_;
  if (kind == PacketKind::kOpen || kind == PacketKind::kAccept) {
    packet.from = id_;
    packet.idle_ms = static_cast<uint32_t>(idle_ns_ / 1'000'000);
  }
  if (kind != PacketKind::kReset) {
    packet.segments_before = receive_.next();
    packet.window_segments = static_cast<uint16_t>(receive_.room());
  }
  if (kind > PacketKind::kAccept && kind != PacketKind::kReset) {
    packet.ack_largest = seen_.largest();
    // So many that each packet is reported twice, should one word of it be lost.
    const uint32_t news = packet.ack_largest - largest_told_;
    packet.ack_words =
        receive_.has_gaps()
            ? Packet::kAckWordsMax
            : static_cast<uint8_t>(std::min(news / 64 + 1, uint32_t{Packet::kAckWordsMax}));
    packet.ack_bits = seen_.bits();
    packet.ack_delay_us = static_cast<uint16_t>(
        std::clamp<int64_t>((now_ns_ - largest_at_ns_) / 1000, 0, UINT16_MAX));
  }
  std::byte* at = inner_.Claim(packet.header_bytes() + payload_bytes);
  if (at == nullptr && !inner_.has_tx()) retry_ns_ = now_ns_;
  return at;
}

void ReliableDriver::Finish(const Packet& packet, std::byte* at, uint32_t segment,
                            uint32_t payload_bytes) {
  const uint32_t bytes = packet.header_bytes() + payload_bytes;
  packet.Write({at, bytes});
  inner_.Commit(at, bytes);
  ++counts_.sent;
  wrote_ = progress_ = true;
  if (packet.number != 0) send_.OnSent(segment, bytes, now_ns_);
  if (packet.kind == PacketKind::kReset) return;
  limit_told_ = packet.segments_before + packet.window_segments;
  if (packet.kind == PacketKind::kOpen || packet.kind == PacketKind::kAccept) return;
  largest_told_ = std::exchange(largest_told_last_, packet.ack_largest);
  unacknowledged_ = 0;
  ack_now_ = false;
}

}  // namespace jackfield
