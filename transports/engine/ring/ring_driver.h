// The ring engine: frames over two byte rings, one each way, in memory that both ends share.
//
// Carrying and waking are apart: the driver carries; a RingBell, which each scheme brings, wakes
// the other end if it said that it sleeps. Frames are built in the ring and read in the ring;
// Message::Keep copies.
//
// Waking loses nothing: who goes to sleep says so (sleeping = 1), then looks again; who publishes,
// publishes, then looks whether the other sleeps. Both with sequentially consistent order between
// their two steps, so one sees the other.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "kernel/link.h"
#include "transports/engine/ring/byte_ring.h"

namespace jackfield {

// One direction, in shared memory, in front of its data.
struct RingLane {
  RingCursors<> cursors;
  alignas(128) std::atomic<uint32_t> reader_sleeps{0};  // the writer resets it and rings
  std::atomic<uint32_t> writer_waits{0};                // for room; the reader resets it and rings
  std::atomic<uint32_t> writer_closed{0};               // no record will follow those published
};

class RingBell {
 public:
  virtual ~RingBell() = default;
  virtual void Ring() = 0;  // wakes the other end
  // Has the other end gone without a word? Asked when its lane is empty.
  virtual bool PeerGone() = 0;
};

class RingDriver final : public LinkDriver {
 public:
  // `bell` also keeps the lanes alive: it is destroyed last.
  RingDriver(RingLane& out, std::byte* out_data, RingLane& in, std::byte* in_data,
             uint64_t capacity, std::unique_ptr<RingBell> bell);
  ~RingDriver() override;

  static constexpr uint32_t FrameBytesMax(uint64_t capacity) {
    return static_cast<uint32_t>(capacity / 2);
  }

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void PumpTx(Link& link);
  void PumpRx(Link& link);
  void CloseLane();
  void RingIf(std::atomic<uint32_t>& sleeps);

  RingLane& out_;
  RingLane& in_;
  RingWriter<> writer_;
  RingReader<> reader_;
  std::unique_ptr<RingBell> bell_;
  bool lane_closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_
