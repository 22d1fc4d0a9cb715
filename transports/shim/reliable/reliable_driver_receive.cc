// What comes in. See reliable_driver.h.
#include "kernel/loop/loop.h"
#include "kernel/refusal.h"
#include "transports/shim/reliable/reliable_driver.h"

namespace jackfield {

void ReliableDriver::OnFrames(Link& inner) {
  for (; inner.has_rx(); inner.PopRx()) {
    const FrameRef frame = inner.NextRx();
    heard_any_ = progress_ = true;
    if (state_ != State::kEnded) Take({frame.data, frame.bytes});
    // One word reports so many packets one by one.
    if (unacknowledged_ >= kPacketsPerWord && state_ == State::kOpen)
      SendBare(PacketKind::kAck, remote_);
  }
}

void ReliableDriver::Take(std::span<const std::byte> bytes) {
  ++counts_.received;
  Packet packet;
  if (packet.Read(bytes) != nullptr) {
    ++counts_.corrupt;
    if (state_ == State::kOpening && remote_ == 0) MeetOtherStack(bytes);
    return;
  }
  if (packet.kind == PacketKind::kReset) {
    if (packet.to == remote_ && (state_ == State::kOpen || state_ == State::kClosing))
      return End(Forgotten());
    ++counts_.stale;
    return;
  }
  if (packet.kind == PacketKind::kOpen) return OnHello(packet);
  if (packet.to != id_) {
    ++counts_.stale;
    reset_to_ = packet.to;
    return;
  }
  if (packet.kind == PacketKind::kAccept) return OnHello(packet);
  if (remote_ == 0) {
    ++counts_.early;
    return;
  }
  last_heard_ns_ = now_ns_;
  paused_ns_ = 0;
  if (state_ == State::kOpening) state_ = State::kOpen;  // only who got our packet knows our id
  if (!send_.OnAck(packet, now_ns_)) {
    ++counts_.corrupt;
    return;
  }
  if (packet.kind == PacketKind::kData && !OnSegment(packet, bytes.subspan(packet.header_bytes())))
    return;
  if (packet.kind == PacketKind::kClose && peer_end_ == 0) peer_end_ = packet.segment;
  if (packet.number != 0) NoteNumber(packet);
}

// Only where nobody else can speak in the other end's name, nor the medium turn a packet into
// something else: an answer to whoever sends is what a forger wants.
void ReliableDriver::MeetOtherStack(std::span<const std::byte> bytes) {
  if (!inner_.caps().reliable) return;
  const std::string& where = outer_->traits().description;
  if (IsFrameOf(FrameKind::Refuse, bytes)) return End(ReadRefusal(bytes, where));
  const auto is_packet = [](FrameKind kind) {
    return kind >= static_cast<FrameKind>(PacketKind::kOpen) &&
           kind <= static_cast<FrameKind>(PacketKind::kReset);
  };
  const FrameKind kind =
      bytes.size() < kHeaderBytes ? FrameKind::None : CopyHeader(bytes.data()).kind();
  if (!IsFrameOf(FrameKind::Hello, bytes) && (!IsOfAShim(bytes) || is_packet(kind))) return;
  const absl::Status why = StacksDiffer(kind, where);
  SendBareRefusal(inner_, why);
  End(why);
}

void ReliableDriver::OnHello(const Packet& packet) {
  const bool open = packet.kind == PacketKind::kOpen;
  if (state_ != State::kOpening && packet.from != remote_) {
    // Another instance at that address, or a forgery. If ours is gone, the Ping brings a Reset.
    ++counts_.stale;
    ping_wanted_ |= state_ == State::kOpen && send_.packets_under_way() == 0;
    return;
  }
  accept_wanted_ |= open;
  if (state_ != State::kOpening) return;
  remote_ = packet.from;
  send_.OnAck(packet, now_ns_);  // its window
  // Of ours, not of what an earlier hello made of it: that one may have been forged.
  idle_ns_ = std::min(own_idle_ns_, int64_t{packet.idle_ms} * 1'000'000);
  last_heard_ns_ = now_ns_;
  if (open) return;
  state_ = State::kOpen;  // the Accept had our id in it
  ping_wanted_ = true;    // and a packet with the other's id proves ours
}

// False: it was not taken, and must not be acknowledged.
bool ReliableDriver::OnSegment(const Packet& packet, std::span<const std::byte> segment) {
  if (state_ == State::kClosing) return false;  // nobody is there for it
  switch (receive_.Take(packet.segment, segment)) {
    case ReceiveWindow::Taken::kYes:
      return true;
    case ReceiveWindow::Taken::kRepeat:
      ++counts_.repeated;
      ack_now_ = true;  // our word of it was lost
      return true;
    case ReceiveWindow::Taken::kNoRoom:
      break;
  }
  ++counts_.no_room;
  ack_now_ = true;  // so that the other end learns our window
  return false;
}

void ReliableDriver::NoteNumber(const Packet& packet) {
  const PacketsSeen::Arrival arrival = seen_.Note(packet.number);
  if (seen_.largest() == packet.number) largest_at_ns_ = now_ns_;
  if (unacknowledged_ == 0) ack_due_ns_ = now_ns_ + RoundTrip::kAckDelayMaxNs / 2;
  if (unacknowledged_ < UINT16_MAX) ++unacknowledged_;
  if (arrival != PacketsSeen::Arrival::kNext || packet.kind != PacketKind::kData) ack_now_ = true;
}

}  // namespace jackfield
