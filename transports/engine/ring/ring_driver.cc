#include "transports/engine/ring/ring_driver.h"

#include <utility>

#include "kernel/outcome.h"
#include "kernel/text.h"

namespace jackfield {

RingDriver::RingDriver(RingLane& out, std::byte* out_data, RingLane& in, std::byte* in_data,
                       uint64_t capacity, std::unique_ptr<RingBell> bell)
    : out_(out),
      in_(in),
      writer_(out.cursors, out_data, capacity),
      reader_(in.cursors, in_data, capacity, FrameBytesMax(capacity)),
      bell_(std::move(bell)) {}

RingDriver::~RingDriver() { CloseLane(); }

void RingDriver::Pump(Link& link) {
  PumpTx(link);
  if (link.closed() || link.closing()) return;
  PumpRx(link);
  if (!link.resting() || link.closed()) return;
  // The order of these two is what loses no wake-up.
  in_.reader_sleeps.store(1, std::memory_order_seq_cst);
  const bool wants_room = link.has_tx() || link.wanted_bytes() != 0;
  if (wants_room) out_.writer_waits.store(1, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (link.has_rx() || !reader_.Empty() || in_.writer_closed.load(std::memory_order_acquire) != 0 ||
      bell_->PeerGone() ||
      (wants_room && writer_.Room(link.wanted_bytes()) >= link.wanted_bytes())) {
    in_.reader_sleeps.store(0, std::memory_order_relaxed);
    link.Wake();
  }
}

void RingDriver::PumpTx(Link& link) {
  if (const uint32_t frames = link.tx_frames(); frames > 0) {
    for (uint32_t i = 0; i < frames; ++i) {
      const FrameRef& frame = link.NextTx(i);
      writer_.Append(frame.data, Align8(frame.bytes));
    }
    link.PopTx(frames);
  }
  if (writer_.Publish()) RingIf(out_.reader_sleeps);
  // An open claim lies in what was provided before: it must not move (GrowClaim says when it may,
  // by wanting more).
  const uint32_t wanted = link.wanted_bytes();
  if (!link.claim_open() || wanted != 0) {
    const uint32_t room = writer_.Room(wanted);
    link.ProvideTx(writer_.at(), room);
  }
}

void RingDriver::PumpRx(Link& link) {
  if (link.has_rx()) return;  // the frames lie in the ring until they are consumed
  if (reader_.Release()) RingIf(in_.writer_waits);
  const bool closed =
      in_.writer_closed.load(std::memory_order_acquire) != 0;  // before the last look
  std::byte* frame = nullptr;
  uint32_t bytes = 0;
  while (link.rx_room() > 0) {
    switch (reader_.Take(&frame, &bytes)) {
      case RingReader<>::Next::kFrame:
        link.PushRx({frame, bytes, 0});
        continue;
      case RingReader<>::Next::kCorrupt:
        CloseLane();
        return link.Closed(MakeStatus(Outcome::kFailed, Reason::kCorrupt,
                                      Text("corrupt ring from ", link.traits().description)));
      case RingReader<>::Next::kEmpty:
        break;
    }
    if (!link.has_rx() && (closed || bell_->PeerGone())) {
      CloseLane();
      link.Closed(MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                             Text(link.traits().description, ": the other end has gone")));
    }
    return;
  }
}

void RingDriver::RingIf(std::atomic<uint32_t>& sleeps) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (sleeps.load(std::memory_order_relaxed) != 0 &&
      sleeps.exchange(0, std::memory_order_seq_cst) != 0)
    bell_->Ring();
}

void RingDriver::CloseLane() {
  if (std::exchange(lane_closed_, true)) return;
  writer_.Publish();
  out_.writer_closed.store(1, std::memory_order_release);
  out_.reader_sleeps.store(0, std::memory_order_relaxed);
  in_.writer_waits.store(0, std::memory_order_relaxed);
  bell_->Ring();
}

void RingDriver::Close(Link& link) {
  CloseLane();
  link.Closed(
      MakeStatus(Outcome::kRefused, Reason::kClosed, Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
