// An open use of a medium: a bounded queue of frames out, one in, and the driver that moves them.
//
//   sender                        Link                          driver
//   Claim → build → Commit  ──▶   tx queue   ── NextTx, PopTx ──▶   medium
//   NextRx, PopRx           ◀──   rx queue   ◀── PushRx ─────────   medium
//
// Thread: the node's. Frame memory: a claimed frame lies in a block of the node's pool, or in
// memory that the driver provides (ProvideTx: a ring's own). A received frame lies in the driver's
// memory, which must stay as it is until the rx queue is empty again. A link at rest (nothing
// queued) holds no memory of the pool.
//
// All of it is charged to the link's account (memory_account.h). A driver that gets none leaves
// what has come where it is: the link is woken when there may be some (GetBlock), and fails with
// the reason when there has been none for kMemoryWaitNs.
//
// At most one claim is open; frames leave in the order of Commit. The rest of what is always so is
// in link_invariants.cc.
#ifndef JACKFIELD_KERNEL_LINK_H_
#define JACKFIELD_KERNEL_LINK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "kernel/base/check.h"
#include "kernel/caps.h"
#include "kernel/frame_queue.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/memory_account.h"
#include "kernel/loop/pumped.h"
#include "kernel/loop/timers.h"

namespace jackfield {

class Link;
class Loop;

// Who is at the other end: by the word of the operating system, where the medium has it, and by
// that of a certificate, where a shim asked for one and it is good.
struct PeerIdentity {
  bool known = false;  // the system's word: uid, gid, pid
  uint32_t uid = 0;
  uint32_t gid = 0;
  int32_t pid = 0;
  std::string certificate = {};  // the name in it; "": there was none
};

struct LinkTraits {
  Caps caps;
  PeerIdentity peer;
  std::string peer_host;     // where it comes from, if not from this machine's own media
  bool provides_tx = false;  // the driver gives the memory for frames to send (ProvideTx)
  std::string description;   // "unix:@kv, connected to pid 4121": for explain and for errors
};

// What a transport writes for an open link.
class LinkDriver {
 public:
  virtual ~LinkDriver() = default;

  // Moves frames tx → medium → rx as far as both allow. Never blocks. Called once a turn while the
  // link is awake; if link.resting() the node is about to sleep: arm what will wake it (a reactor
  // Op).
  virtual void Pump(Link& link) = 0;

  // Starts closing. The driver calls link.Closed(status) exactly once, in this call or later, after
  // its last operation has ended; it is destroyed some time after that.
  virtual void Close(Link& link) = 0;
};

// Who is told what happens on a link: the kernel's sessions, or a shim.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  virtual void OnFrames(Link& link) = 0;  // the rx queue is not empty
  virtual void OnRoom(Link& link) = 0;    // frames have left the tx queue, or there is memory
  // The medium lost, or went past, so many frames that were to come here. From inside a Pump: only
  // to be counted.
  virtual void OnLost(Link& link, uint64_t frames) = 0;
  // This side is about to close the link, for `why`: what is sent now still leaves, if there is
  // room. OnClosed comes after.
  virtual void OnFailing(Link& link, const absl::Status& why) {
    static_cast<void>(link), static_cast<void>(why);
  }
  virtual void OnClosed(Link& link, const absl::Status& why) = 0;  // exactly once
};

class Link final : public Pumped, private MemoryWaiter {
 public:
  static constexpr uint32_t kDepthFrames = FrameQueue::kDepthFrames;  // in each queue
  static constexpr int64_t kMemoryWaitNs = 15'000'000'000;  // for what has come; then it fails
  static constexpr uint32_t kTxBytesMax = 1 << 20;  // queued to go out; one frame may exceed it
  static constexpr uint32_t kFdFramesMax = 64;  // queued frames with descriptors, each direction

  Link(Loop& loop, std::unique_ptr<LinkDriver> driver, LinkTraits traits);
  // One that `loop` owns and pumps until Loop::Remove, after which `owner` hears no more.
  static Link& Add(Loop& loop, std::unique_ptr<LinkDriver> driver, LinkTraits traits,
                   LinkOwner* owner);
  ~Link() override;
  Link(const Link&) = delete;

  // ---- For the owner: sending.

  // Room for one frame of up to `frame_bytes`, at a multiple of 8; nullptr when there is none now
  // (the driver will make room) or a claim is open. Until Commit or Abandon nothing else may be
  // claimed.
  std::byte* Claim(uint32_t frame_bytes);
  // The open claim made larger; its first `front` and last `back` bytes are moved to the new one's.
  // nullptr: no room, and the claim stays as it was.
  std::byte* GrowClaim(uint32_t frame_bytes, uint32_t front, uint32_t back);
  // Puts the claimed frame into the queue. It lies anywhere within the claim.
  void Commit(std::byte* frame, uint32_t frame_bytes);
  void Abandon() { claimed_bytes_ = 0; }
  bool claim_open() const { return claimed_bytes_ != 0; }
  // Descriptors for the frame that is committed next; the link owns and closes them. False: the
  // queue is full.
  bool AttachFds(const int* fds, uint8_t count);
  bool has_fd_room() const;

  // ---- For the owner: receiving.

  bool has_rx() const { return !rx_.empty(); }
  uint32_t rx_frames() const { return rx_.frames(); }
  FrameRef& NextRx(uint32_t ahead = 0) { return rx_.At(ahead); }
  void PopRx() {
    JF_CHECK(has_rx(), "what is taken was in the queue");
    rx_.Pop(1);
  }
  // If the next rx frame is alone in a block of the driver's, that block; the caller may take it.
  Block* RxBlock() const { return rx_.frames() == 1 ? rx_block_ : nullptr; }
  void ExpectFds() { expects_fds_ = true; }
  // Sees to it that who keeps the next rx frame, if it is not a large one, finds memory. False: not
  // now; the owner leaves it, and OnFrames comes again when there may be some.
  bool HasMemoryForRx() {
    const uint64_t kept = NextRx().bytes <= 4096 ? 4096 : KeptBytes(NextRx().bytes);
    return memory_->Ensure(kept + kKeeperBytes) || AwaitMemory();
  }
  // The descriptors that came with the frame being taken; false if not exactly `count` came. The
  // caller owns them.
  bool TakeFds(int* fds, uint8_t count);

  // ---- For the driver.

  bool has_tx() const { return !tx_.empty(); }
  uint32_t tx_frames() const { return tx_.frames(); }
  const FrameRef& NextTx(uint32_t ahead = 0) { return tx_.At(ahead); }
  // Has NextTx(ahead) descriptors? Then they are fds()[0..count).
  struct FdList {
    uint32_t frame = 0;  // index of the frame they belong to
    uint8_t count = 0;
    std::array<int, kFdsMax> fds;
  };
  const FdList* NextTxFds(uint32_t ahead = 0) const;
  // The first `frames` frames have left. Closes their descriptors, frees their memory.
  void PopTx(uint32_t frames);
  // The first `frames` frames of the queue have left, but what PopTx promises does not hold yet
  // (they are written, and not synced). If the link ends now they are in doubt, not failed.
  void NoteGiven(uint32_t frames) { tx_given_ = frames; }
  uint32_t tx_given() const { return tx_given_; }

  // Frames that may be pushed now. 0: so many wait to be taken, or there is no memory for more. Ask
  // again after each.
  uint32_t rx_room() { return rx_.room() != 0 || GrowRx() ? rx_.room() : 0; }
  // For what has come: a block of the link's account. Empty: none now. Then the driver reads no
  // further, and arms nothing that what it left would wake: Pump comes when there may be memory.
  Block GetBlock(uint32_t bytes);
  bool awaits_memory() const { return linked(); }
  // The driver cannot go on, for `why`. The owner is told first, so that it may tell its peer; then
  // Close is called.
  void Fail(absl::Status why) { FailLater(std::move(why)); }
  // A received frame. `block`: if it is alone in that block, which its receiver may take (it is
  // then empty). Requires: rx_room() > 0.
  void PushRx(FrameRef frame, Block* block = nullptr);
  // Descriptors that came with the next frame pushed. Too many are closed and the link fails at the
  // frame.
  void PushRxFds(const int* fds, uint8_t count);

  // Claims come from here on from [at, at + bytes) instead of the pool: a ring's free part. Call
  // again in each Pump.
  void ProvideTx(std::byte* at, uint32_t bytes);
  // The claim that found no room; 0: none.
  uint32_t wanted_bytes() const { return wanted_bytes_; }

  // Bytes moved though no frame is complete yet: the loop stays awake.
  void NoteProgress() { ++activity_; }
  // Frames that were sent here and will never come: torn, overwritten, dropped by the system. Told
  // before the frame behind them is pushed. They are in Ledger::lost of whoever reads the link.
  void NoteLost(uint64_t frames) {
    if (owner_ != nullptr && frames > 0) owner_->OnLost(*this, frames);
  }
  // The end. After it the driver makes no further call.
  void Closed(absl::Status why);
  // The peer has shown a certificate of that name, and it is good. Before the first PushRx.
  void NoteCertificate(std::string name) { traits_.peer.certificate = std::move(name); }
  bool resting() const { return resting_; }
  // Will descriptors come? Both ends agreed on it; asking for them costs, so a driver asks only
  // then.
  bool expects_fds() const { return expects_fds_; }
  // Makes the loop pump this link in its next turn; from a reactor completion or a timer.
  void Wake();

  // ---- For both.

  Loop& loop() const { return loop_; }
  const LinkTraits& traits() const { return traits_; }
  const Caps& caps() const { return traits_.caps; }
  bool closing() const { return closing_; }
  bool closed() const { return closed_; }
  MemoryAccount& memory() const { return *memory_; }
  void SetOwner(LinkOwner* owner) { owner_ = owner; }
  LinkOwner* owner() const { return owner_; }
  absl::Status CheckInvariants() const;  // for tests: the first rule that is broken

  // ---- For whoever drives the link: the loop, or a shim that has it inside.

  // Pumps, then tells the owner what came of it.
  void Turn(bool resting) override;
  // Gives back the memory of empty queues.
  void Rest() override;
  // Not to try again what found no memory.
  bool StaysAwake() const override { return !closed_ && !awaits_memory(); }
  void End() override {
    owner_ = nullptr;
    StartClose();
  }
  bool ended() const override { return closed_; }
  void StartClose();
  // Wake() wakes `outer` instead: the link is inside a shim.
  void SetOuter(Link* outer) { outer_ = outer; }

 private:
  friend class Loop;
  friend struct TestPeer;
  static constexpr uint64_t kKeeperBytes = 4096;          // of a call, or of an item of a stream
  static constexpr uint32_t kEnsuredBytesMax = 64 << 10;  // a larger one finds some, or is refused
  uint64_t KeptBytes(uint32_t bytes) const;
  bool GrowTx();  // false: as long as it gets, or no memory now; the same below
  bool GrowRx();
  bool AwaitMemory();  // false
  absl::Status NoMemory() const;
  void OnMemory() override;
  bool Refill(uint32_t frame_bytes);
  void FailLater(absl::Status why);

  Loop& loop_;
  std::unique_ptr<LinkDriver> driver_;
  LinkTraits traits_;  // as they were given, but for the certificate
  LinkOwner* owner_ = nullptr;
  MemoryAccount* const memory_;
  Timer memory_timer_;

  // Claims: [claim_at_, claim_end_) is free.
  std::byte* claim_at_ = nullptr;
  std::byte* claim_end_ = nullptr;
  uint32_t claimed_bytes_ = 0;
  uint32_t wanted_bytes_ = 0;
  bool provided_ = false;

  FrameQueue tx_, rx_;
  uint32_t tx_bytes_ = 0;
  uint32_t tx_given_ = 0;  // 0..tx_frames()
  Block* rx_block_ = nullptr;

  // Blocks that queued frames lie in, oldest first, chained through their own first bytes; the
  // newest takes claims.
  struct TxBlock {
    Block self;
    TxBlock* next;
    uint32_t frames_end;  // the tx index after its last frame
  };
  static constexpr uint32_t kTxBlockHeadBytes = 64;
  TxBlock* tx_oldest_ = nullptr;
  TxBlock* tx_newest_ = nullptr;
  void FreeOldestTxBlock();

  struct FdQueues {
    std::array<FdList, kFdFramesMax> tx, rx;
    uint32_t tx_head = 0, tx_tail = 0, rx_head = 0, rx_tail = 0;
    bool rx_overflow = false;
  };
  std::unique_ptr<FdQueues> fd_queues_;  // made at the first use

  Link* outer_ = nullptr;
  absl::Status failed_why_;  // here, not in the driver, which is then closed in the next turn
  absl::Status closed_why_;
  bool pumping_ = false, resting_ = false, closing_ = false, closed_ = false, closed_told_ = false;
  bool room_notice_ = false;
  bool expects_fds_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LINK_H_
