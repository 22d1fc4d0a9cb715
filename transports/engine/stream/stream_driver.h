// The stream engine: frames over a byte stream, for every scheme whose medium is one (unix, tcp,
// pipe, fifo …).
//
// Outgoing frames that lie side by side leave in one system call. Incoming bytes are read into a
// block of the link's memory, cut into frames in place; a frame too large for the common block is
// read into a block of its own, which its receiver may take over. That block grows with what has
// come, in steps of four times; only who has sent a frame as large before gets it at once. While
// the link is awake the plain system call is tried first; when the node goes to sleep the reactor
// waits for the descriptor. An idle link holds no memory, one that waits for the rest of a frame
// little more than has come of it.
//
// Who begins a frame must go on: less than kFrameBytesPerSecondMin, and the link is cut. Counted is
// only time in which this side was ready to read and nothing came (each look at most kLookNs, so
// that a process which was stopped has not waited).
//
// Thread: the node's. Owns: its descriptors.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_STREAM_STREAM_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_STREAM_STREAM_DRIVER_H_

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/reactor.h"
#include "kernel/loop/timers.h"

namespace jackfield {

struct StreamEnds {
  int read_fd = -1;
  int write_fd = -1;  // the same for a socket
  int liveness_fd =
      -1;  // optional: a pidfd; readable when the peer is dead, even if someone holds its end open
  bool socket = false;  // send and recv, not write and read
  uint32_t frame_bytes_max = 0;
};

class StreamDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kReadBytes = 64 << 10;  // of the common block
  // Whoever has not said hello yet gets no memory for a large frame.
  static constexpr uint32_t kFirstFrameBytesMax = 64 << 10;
  static constexpr uint32_t kOwnBlockBytes =
      16 << 10;  // a frame from this size on gets a block of its own
  static constexpr uint32_t kReadBytesLeast = 4 << 10;  // of it, where memory is short
  static constexpr uint32_t kGrowth = 4;
  static constexpr int64_t kFrameBytesPerSecondMin = 4 << 10;
  static constexpr int64_t kFrameGraceNs = 5'000'000'000;  // so much silence a frame may begin with
  static constexpr int64_t kLookNs = 1'000'000'000;
  static constexpr int kPartsMax = 64;                 // spans of frames in one system call
  static constexpr uint32_t kWriteBytesMax = 1 << 20;  // bytes in one system call
  static constexpr size_t kFdGroupsMax = 64;  // descriptors that came ahead of their frames

  StreamDriver(Loop& loop, StreamEnds ends);
  ~StreamDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  using FdGroup = std::vector<int>;
  void PumpTx(Link& link);
  void PumpRx(Link& link);
  int64_t WriteSome(const iovec* parts, int count, const Link::FdList* fds);
  int64_t ReadSome(const Link& link, std::byte* to, size_t bytes);
  bool PrepareRead(Link& link);
  void MoveTo(Block block);
  bool IsWholeFrame() const;
  void Cut(Link& link);
  void AwaitRest();
  void LookAtPace(Link& link, int64_t got);
  void StopLooking();
  void Shrink(Link& link);
  enum class Rx : uint8_t { kTaken, kUntaken };  // what was there before this turn
  void Arm(Link& link, Rx before);
  void Fail(Link& link, absl::Status why);
  void FinishClose();
  static void OnReady(Op& op, int32_t result);

  Loop& loop_;
  const StreamEnds ends_;
  Link* link_ = nullptr;  // since the first Pump
  Op read_op_, write_op_, liveness_op_;

  uint32_t tx_sent_ = 0;  // bytes of the first queued frame that have left

  Block rx_;
  uint32_t rx_begin_ = 0, rx_end_ = 0;  // what is read and not cut yet
  uint64_t drained_in_pass_ = 0;        // nothing more was there: not asked again in the same pass
  uint32_t own_bytes_ = 0;        // the frame that rx_ is dedicated to, 0 if it is the common block
  uint32_t whole_bytes_max_ = 0;  // the largest such frame that has come whole
  bool starved_ = false;          // not read further for want of memory
  Timer look_timer_;
  int64_t looked_ns_ =
      0;  // when it was last counted how long the rest of a frame is awaited; 0: not
  int64_t waited_ns_ = 0;  // less what has come since is worth
  std::vector<FdGroup> fd_groups_;

  bool greeted_ = false;  // a first frame has come
  bool tx_broken_ = false, peer_dead_ = false, eof_ = false, failing_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_STREAM_STREAM_DRIVER_H_
