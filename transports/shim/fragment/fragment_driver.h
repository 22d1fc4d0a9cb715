// The fragment shim as a driver: it has the inner driver in a link of its own.
//
//   outer tx queue → pieces → inner link → medium
//   outer rx queue ← whole frames in place, or an assembled one ← inner link ←
//
// Invariants:
//   1. A frame leaves the outer tx queue when its last piece has entered the inner link's: until
//      then it counts as not sent, which is true: nobody can have handled it. Over a one-way medium
//      it stays until that has taken the piece: its promise is ours.
//   2. The first lent_ frames of the inner rx queue lie in the outer one; they are popped when that
//      is empty again.
//   3. The outer link hears of the inner one's end when all that came before it has been delivered.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_DRIVER_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "transports/shim/fragment/assembly.h"

namespace jackfield {

class FragmentDriver final : public LinkDriver, private LinkOwner {
 public:
  FragmentDriver(Loop& loop, uint32_t message_bytes_max, std::unique_ptr<LinkDriver> inner,
                 const LinkTraits& inner_traits);
  ~FragmentDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

  uint64_t dropped_frames() const { return assembly_.dropped_frames(); }

 private:
  void PassOut(Link& link);
  // Those of the kept messages whose last piece the medium has taken.
  void PopTaken(Link& link);
  // The next piece of the frame at `ahead`. False: no room now.
  bool SendPiece(Link& link, uint32_t ahead, uint32_t offset, uint32_t bytes);
  void LetAcksPass(Link& link);
  void PassIn(Link& link);
  enum class Took : uint8_t { kYes, kLater };
  Took TakePiece(Link& link, FrameRef frame);
  void ReturnLent();
  void Discard();
  // The first thing that came is no piece: a refusal, or what another stack sends. OK: neither.
  absl::Status MeetOtherStack(FrameRef frame);
  void Fail(std::string_view what);
  void Fail(absl::Status why);
  void OnFrames(Link&) override;
  void OnRoom(Link&) override {}  // PassOut follows in the same pump
  void OnLost(Link& inner, uint64_t frames) override;
  void OnClosed(Link& inner, const absl::Status& why) override;

  Loop& loop_;
  const uint32_t message_bytes_max_;
  Link inner_;
  Link* outer_ = nullptr;  // since the first Pump
  Timer retry_;            // memory is used up; nothing tells when there is some

  // A one-way medium says that it keeps its promise (written, synced) by taking a frame from its
  // queue: only then the message is taken from the outer one. Of the messages that stay there:
  const bool keeps_;
  uint32_t kept_ = 0;       // so many have been passed, from the first on
  uint32_t committed_ = 0;  // pieces, of all messages; it wraps
  uint32_t oldest_kept_ = 0;
  // After how many pieces each ended, from oldest_kept_ on, round about. Null unless keeps_.
  std::unique_ptr<std::array<uint32_t, Link::kDepthFrames>> ends_;

  uint32_t message_ = 0;       // the number of the frame at the head of the outer queue
  uint32_t offset_ = 0;        // so much of that frame has gone
  uint64_t passed_ahead_ = 0;  // bit i: the frame at NextTx(i) has passed it already
  Assembly assembly_;
  // Descriptors that have been taken from the inner link. Owns: the first `count`.
  struct Descriptors {
    uint8_t count = 0;
    std::array<int, kFdsMax> fds;
    void Close();
    void PassTo(Link& link);  // they go with the next frame pushed
  };
  Descriptors piece_fds_;        // of the piece that is next: it may have to wait for memory
  Descriptors assembly_fds_;     // of the frame that is being put together
  std::deque<Block> assembled_;  // lie in the outer rx queue
  uint32_t lent_ = 0;
  bool met_ = false;     // a piece has come
  bool failed_ = false;  // what still arrives is thrown away
  bool deaf_ = false;    // and what has arrived as well
  bool inner_closed_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_FRAGMENT_FRAGMENT_DRIVER_H_
