// The sending half of a connection: segments until they are acknowledged, packets until their fate
// is known, and from it what to send again and when.
//
//   segments   begin_ ≤ … each waits for its acknowledgement … < end_ ≤ limit_ of the receiver
//   packets    oldest_ ≤ … each under way, lost, or known to have arrived … < next_packet_
//
// Finding losses: RFC 9002 §6.1. A packet is lost when a later one was acknowledged and it is three
// packets older, or older than 9/8 round trips. Once packets were seen to overtake each other, time
// alone decides, and each loss that proves to have been none makes the wait longer (RFC 8985 §6.2
// step 2 and 4). The probe timeout is that of RFC 9002 §6.2: up to two packets that want an
// acknowledgement, whatever the congestion window says; first what was never acknowledged (the tail
// loss probe of RFC 8985 §7).
//
// Invariants (CheckInvariants):
//   1. under_way_bytes_ and under_way_ are those of the packets marked kUnderWay.
//   2. to_send_segments_ counts the segments marked to_send; none of them is acknowledged.
//   3. A segment that is not acknowledged is marked to_send, or its last packet is under way.
//
// Thread: the node's. Owns: the bytes of segments, in blocks of the pool.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SEND_WINDOW_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SEND_WINDOW_H_

#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/timers.h"
#include "transports/shim/reliable/congestion.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/round_trip.h"
#include "transports/shim/reliable/slots.h"

namespace jackfield {

class SendWindow {
 public:
  static constexpr uint32_t kSegmentsMax = 512;    // not acknowledged
  static constexpr uint32_t kPacketsMax = 1024;    // whose fate is of interest
  static constexpr uint32_t kPacketThreshold = 3;  // RFC 9002 kPacketThreshold
  static constexpr uint32_t kNoSegment = 0;        // of a packet that carries none
  static constexpr int kProbesPerTimeout = 2;

  // bytes_max: of segments that are not acknowledged; one may exceed it.
  SendWindow(MemoryAccount& memory, uint32_t packet_bytes_max, uint64_t bytes_max);
  ~SendWindow();

  // ---- Segments.

  // May another segment begin: by the receiver's word, by room here?
  bool has_room() const {
    return end_ - begin_ < kSegmentsMax && held_bytes_ < bytes_max_ && After(limit_, end_);
  }
  bool limited_by_receiver() const { return !After(limit_, end_); }
  // A copy of it is kept until it is acknowledged. Its number; kNoSegment: no memory.
  // Requires: has_room().
  uint32_t Add(std::span<const std::byte> segment);
  uint32_t end() const { return end_; }  // the number that the next one will have
  bool all_acknowledged() const { return begin_ == end_; }

  // The oldest segment that is to be sent, for the first time or again, or kNoSegment.
  uint32_t NextToSend();
  // For the n-th packet of a probe: the oldest, then the youngest that is not acknowledged, or
  // kNoSegment.
  uint32_t Unacknowledged(int n);
  std::span<const std::byte> BytesOf(uint32_t segment);

  // ---- Packets.

  // Does the congestion window let a packet of so many bytes go?
  bool MaySend(uint32_t bytes) const {
    return under_way_bytes_ + bytes <= congestion_.window_bytes() && has_packet_room();
  }
  bool has_packet_room() const { return next_packet_ - oldest_ < kPacketsMax - 1; }
  uint32_t next_packet() const { return next_packet_; }
  // The packet with the number next_packet() has left. False: no memory to remember it; then it
  // must not be sent.
  bool Hold() { return segments_.Hold(memory_) && packets_.Hold(memory_); }
  void OnSent(uint32_t segment, uint32_t bytes, int64_t now_ns);  // Requires: Hold()
  uint32_t packets_under_way() const { return under_way_; }
  bool arrived(uint32_t number);  // is its acknowledgement here?

  // What the header of an arrived packet says about this direction. False: it acknowledges what was
  // never sent, so none of it was believed.
  bool OnAck(const Packet& packet, int64_t now_ns);

  // ---- Time.

  // When OnTimer is to be called; Timers::kNever: not at all. probe_gap_max_ns: bounds the
  // back-off.
  int64_t due_ns(int64_t probe_gap_max_ns) const;
  // Requires: due. Returns how many probes are to be sent.
  int OnTimer(int64_t now_ns);

  const RoundTrip& round_trip() const { return round_trip_; }
  const Congestion& congestion() const { return congestion_; }
  uint64_t lost_packets() const { return lost_packets_; }
  uint64_t found_packets() const {
    return found_packets_;
  }  // said to be lost, and arrived after all

  // Gives the tables' memory back. Requires: all_acknowledged() && packets_under_way() == 0
  void Rest();
  absl::Status CheckInvariants();  // for tests: the first rule that is broken

 private:
  enum class Fate : uint8_t { kKnown, kUnderWay, kLost };
  struct Segment {
    Block block;
    uint32_t bytes = 0;  // 0: no segment
    uint32_t last_packet = 0;
    bool acknowledged = false, to_send = false;
  };
  struct Sent {
    int64_t sent_ns = 0;
    uint32_t number = 0;
    uint32_t segment = kNoSegment;
    uint32_t bytes = 0;
    Fate fate = Fate::kKnown;
  };
  void OnPacketArrived(uint32_t number, int64_t now_ns, bool limited);
  void OnSegmentArrived(uint32_t number);
  void FindLost(int64_t now_ns);
  void Lose(Sent& sent);
  bool IsAcknowledged(uint32_t segment);
  void NoLongerUnderWay(Sent& sent, Fate fate);
  int64_t LossDelayNs() const;

  MemoryAccount& memory_;
  const uint32_t packet_bytes_max_;
  const uint64_t bytes_max_;
  RoundTrip round_trip_;
  Congestion congestion_;

  Slots<Segment, kSegmentsMax> segments_;
  uint32_t begin_ = 1, end_ = 1, limit_ = 1;
  uint64_t held_bytes_ = 0;
  uint32_t to_send_segments_ = 0;

  Slots<Sent, kPacketsMax> packets_;
  uint32_t oldest_ = 1, next_packet_ = 1;
  uint32_t largest_acked_ = 0;
  uint32_t reported_from_ = 0;  // the last acknowledgement says of each packet from here on
  uint32_t under_way_ = 0;
  uint64_t under_way_bytes_ = 0;
  int64_t last_sent_ns_ = 0;
  int64_t loss_due_ns_ = Timers::kNever;
  int timeouts_ = 0;  // probe timeouts since the last acknowledgement
  bool overtaking_seen_ = false;
  uint32_t patience_ = 0;  // steps by which losses are believed later
  uint64_t lost_packets_ = 0, found_packets_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_SEND_WINDOW_H_
