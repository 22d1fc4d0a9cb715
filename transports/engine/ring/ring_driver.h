// The ring engine: frames over two byte rings, one each way, in memory that both ends share.
//
// Carrying and waking are apart: the driver carries; a RingBell, which each scheme brings, wakes
// the other end if it said that it sleeps. Frames are built in the ring and read in the ring;
// Message::Keep copies. Those that are too large for it go in pieces (large_frames.h).
//
// How an end sleeps and is woken without loss is the lane's (lane.h).
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_

#include <algorithm>
#include <cstdint>
#include <memory>

#include "kernel/link.h"
#include "transports/engine/ring/frame_copy.h"
#include "transports/engine/ring/lane.h"
#include "transports/engine/ring/large_frames.h"

namespace jackfield {

// One direction, as a driver finds it: in memory that begins as zeros, each part anywhere. An end
// may have the other's words, and the data of the lane that it reads, mapped read-only.
struct RingLane {
  LaneWriterWords<>* writer_words;
  LaneReaderWords<>* reader_words;
  std::byte* data;
};

class RingBell {
 public:
  virtual ~RingBell() = default;
  // Wakes the other end; if it does not sleep, its next sleep ends at once.
  virtual void Ring() = 0;
  // Has the other end gone without a word? Asked when its lane is empty.
  virtual bool PeerGone() = 0;
};

class RingDriver final : public LinkDriver {
 public:
  // kCopyFirst: the writer may change a frame while it is being read, so each is copied out before
  // anything but its length is looked at.
  enum class Trust { kReadInPlace, kCopyFirst };

  // `bell` also keeps the lanes alive: it is destroyed last.
  RingDriver(const RingLane& out, const RingLane& in, uint64_t capacity,
             std::unique_ptr<RingBell> bell, Trust trust = Trust::kReadInPlace);
  ~RingDriver() override;

  // A look that finds nothing is cheap, but for each so many: the bell's word and the writer's
  // place are then looked at too.
  static constexpr uint32_t kWholePumpEvery = 16;

  // What a frame may have that is built in the ring: it always fits somewhere in one piece.
  static constexpr uint32_t RecordBytesMax(uint64_t capacity) {
    return static_cast<uint32_t>(std::min<uint64_t>(capacity / 2, kFrameBytesMaxDefault));
  }

  // What is given out at once for claims; a larger frame gets what it needs. When it is used up,
  // the link pumps, which publishes: so a sender that sends without end works side by side with its
  // reader, and not in turn with it, a ringful each. (64 KiB messages: 1.8 times as many a second
  // [M: shm:, 2 CPUs of one core].)
  static constexpr uint32_t ProvidedBytesMax(uint64_t capacity) {
    constexpr uint64_t kLeast = 64 << 10;
    return std::min(static_cast<uint32_t>(std::max(capacity / 16, kLeast)),
                    RecordBytesMax(capacity));
  }

  void Pump(Link& link) override {
    if (Idle(link)) return;
    WholePump(link);
  }
  void Close(Link& link) override;

 private:
  // While the node spins, most looks find that neither end has done anything.
  bool Idle(Link& link) {
    return settled_ && !link.has_tx() && link.wanted_bytes() == 0 && !link.resting() &&
           !link.closing() && reader_.Idle() && ++idle_pumps_ % kWholePumpEvery != 0;
  }
  void WholePump(Link& link);
  void PumpBoth(Link& link);
  void PumpTx(Link& link);
  void PumpRx(Link& link);
  void ProvideWanted(Link& link, uint32_t wanted);
  bool PumpLarge(Link& link);
  void ProvideLarge(Link& link, uint32_t wanted);
  bool TakePiece(Link& link, std::byte* piece, uint32_t bytes);
  bool TakeAgain(Link& link);
  bool CopyIn(Link& link);
  bool MayRest(Link& link, bool untaken);
  void CloseLane();
  void CloseCorrupt(Link& link, const char* what);

  LaneWriter<> writer_;
  LaneReader<> reader_;
  std::unique_ptr<RingBell> bell_;
  const uint32_t record_bytes_max_, provided_bytes_max_;
  std::unique_ptr<LargeFrames> large_;     // nullptr: there has been none yet
  const std::unique_ptr<FrameCopy> copy_;  // nullptr: frames are read in place
  FrameRef taken_;                         // waits for memory to be taken to; bytes 0: none
  bool settled_ = false;                   // after the last pump nothing was left to be done
  uint32_t idle_pumps_ = 0;
  bool lane_closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_RING_RING_DRIVER_H_
