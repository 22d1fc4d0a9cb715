// One connection of the reliable shim: a driver that has the inner driver in a link of its own.
//
//   outer tx → send window → packets → inner link → medium
//   outer rx ← receive window ← packets ← inner link ←
//
// Opening. Each end draws a random id of 64 bits. Open carries it; Accept answers with the other
// end's own. Who hears an Open before it has sent anything answers only; otherwise both may open at
// the same time. An address is proven when a packet with our id came from it (RFC 9000 §8.1: only
// who received our packet knows the id): before that we answer each Open with one Accept of the
// same length and send nothing else, so nobody can be flooded through us by a forged address. A
// packet with an id that is not ours is dropped, counted, and answered by a Reset with that id; so
// an end whose peer has started anew learns it at once.
//
// Acknowledgements (RFC 9000 §13.2) ride on whatever goes out. Alone they go at once after every
// second packet (of those that came at once, after 64), at a gap, a repeat, a Ping, a Close, or
// when half of the window has become free; else after 1 ms (2 ms are allowed for).
//
// Ends. Silence for the idle time loses the peer (RFC 9000 §10.1). A Ping asks after a third of it,
// or 3 s: a medium that then says that nobody is there, as udp: does on one machine, ends the link
// at once. Time in which this end stood still itself is no silence of its peer's.
// A closing end goes on until all it sent is acknowledged, but no longer than eight probe timeouts
// (20 ms..1 s), and takes nothing more; its peer delivers everything before it tells of the end.
//
// Invariants:
//   1. A frame leaves the outer tx queue only when the send window has it.
//   2. A packet number is acknowledged only when the receive window has, or had, its segment.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_DRIVER_H_

#include <algorithm>
#include <cstdint>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "transports/shim/reliable/packet.h"
#include "transports/shim/reliable/packets_seen.h"
#include "transports/shim/reliable/receive_window.h"
#include "transports/shim/reliable/send_window.h"

namespace jackfield {

struct ReliableSettings {
  int64_t idle_ns = 60'000'000'000;
};

// What happened to packets. A packet that arrived is in one column of the last five, or was news.
struct ReliableCounts {
  uint64_t sent = 0, received = 0;
  uint64_t segments_sent_again = 0;
  uint64_t corrupt = 0;   // no packet, a wrong checksum, or it acknowledges what was not sent
  uint64_t stale = 0;     // for another instance, or from one
  uint64_t repeated = 0;  // its segment was here already
  uint64_t no_room = 0;   // outside the window, or no memory: it will be sent again
  uint64_t early = 0;     // before we know who the other end is
};

class ReliableDriver final : public LinkDriver, private LinkOwner {
 public:
  static constexpr uint32_t kPacketBytesMax = 64 << 10;
  static constexpr uint32_t FrameBytesMax(uint32_t inner_bytes_max) {
    return (std::min(inner_bytes_max, kPacketBytesMax) - Packet::kHeaderBytesMax) & ~7u;
  }

  ReliableDriver(Loop& loop, const ReliableSettings& settings, std::unique_ptr<LinkDriver> inner,
                 const LinkTraits& inner_traits);
  ~ReliableDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

  const ReliableCounts& counts() const { return counts_; }
  const SendWindow& send_window() const { return send_; }

 private:
  enum class State : uint8_t {
    kOpening,  // the other end's address is not proven
    kOpen,
    kClosing,  // closed by our owner: what was sent is being acknowledged
    kEnded,    // waits for the inner link's end
  };

  // ---- In: reliable_driver_receive.cc
  void OnFrames(Link& inner) override;
  void OnRoom(Link&) override {}            // Send follows in the same pump
  void OnLost(Link&, uint64_t) override {}  // they are sent again
  void OnClosed(Link& inner, const absl::Status& why) override;
  void Take(std::span<const std::byte> bytes);
  // No packet came, and nothing else before it: is it a refusal, or what another stack sends?
  void MeetOtherStack(std::span<const std::byte> bytes);
  void OnHello(const Packet& packet);
  bool OnSegment(const Packet& packet, std::span<const std::byte> segment);
  void NoteNumber(const Packet& packet);

  // ---- Out: reliable_driver_send.cc
  void Send(Link& link);
  void SendHellos();
  void SendProbes(Link& link);
  void SendSegments(Link& link);
  bool SendNew(Link& link);
  static constexpr uint16_t kPacketsPerWord = 64;
  // Each of these: false when the inner link, or memory, had no room for it.
  bool SendSegment(uint32_t segment);
  bool SendBare(PacketKind kind, uint64_t to);
  std::byte* Begin(Packet& packet, PacketKind kind, uint32_t payload_bytes);
  void Finish(const Packet& packet, std::byte* at, uint32_t segment, uint32_t payload_bytes);

  // ---- Time and ends.
  static constexpr int64_t kAskAfterMostNs = 3'000'000'000;
  static constexpr int64_t kProbeGapMostNs = 625'000'000;
  int64_t ask_after_ns() const { return std::min(idle_ns_ / 3, kAskAfterMostNs); }
  int64_t probe_gap_max_ns() const { return std::min(idle_ns_ / 16, kProbeGapMostNs); }
  void NotePause(int64_t since_ns);
  absl::Status Forgotten() const;
  void LookAtTime();
  void LookAtClosing(Link& link);
  void End(absl::Status why);
  void ArmTimer(Link& link);
  absl::Status Lost(std::string_view how) const;

  Loop& loop_;
  Link inner_;
  Link* outer_ = nullptr;  // since the first Pump
  const uint32_t packet_bytes_max_;
  SendWindow send_;
  ReceiveWindow receive_;
  PacketsSeen seen_;
  ReliableCounts counts_;
  Timer timer_;

  State state_ = State::kOpening;
  const uint64_t id_;    // ours, never 0
  uint64_t remote_ = 0;  // 0: not known
  uint64_t reset_to_ = 0;
  const int64_t own_idle_ns_;
  int64_t idle_ns_;  // the smaller of both ends'

  int64_t now_ns_ = 0;  // of this Pump
  int64_t last_heard_ns_ = 0;
  int64_t paused_ns_ = 0;  // so long this end stood still, and it has heard nothing since
  int64_t open_again_ns_ = 0, open_until_ns_ = 0;
  int opens_ = 0;              // sent
  int64_t largest_at_ns_ = 0;  // when the packet with the largest number came
  int64_t ack_due_ns_ = 0;
  int64_t window_probe_ns_ = 0;  // 0: nothing waits for the receiver's window
  int64_t linger_until_ns_ = 0;
  int64_t retry_ns_ = 0;       // 0: no memory was missing
  uint32_t limit_told_ = 0;    // of segments
  uint32_t largest_told_ = 0;  // of packets, by the last acknowledgement but one
  uint32_t largest_told_last_ = 0;
  uint32_t close_packet_ = 0;    // its number, 0: not sent yet
  uint32_t peer_end_ = 0;        // the segment that will not come, 0: the peer has not closed
  uint16_t unacknowledged_ = 0;  // numbered packets since our last word
  uint16_t standing_pumps_ = 0;  // while closing, without the clock having moved
  uint8_t probes_ = 0;
  bool started_ = false, initiator_ = false;
  bool heard_any_ = false;  // whatever it was
  bool accept_wanted_ = false, ping_wanted_ = false, close_wanted_ = false, ack_now_ = false;
  bool progress_ = false, wrote_ = false;
  bool inner_closed_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_RELIABLE_RELIABLE_DRIVER_H_
