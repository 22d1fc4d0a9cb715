#include "kernel/link.h"

#include <unistd.h>

#include <cstring>
#include <new>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/loop.h"

namespace jackfield {
namespace {

// A gap that the builder left in front of a frame is closed by moving the frame if it is at most
// this large.
constexpr uint32_t kMoveBytesMax = 4096;

void CloseFds(const Link::FdList& list) {
  for (uint8_t i = 0; i < list.count; ++i) close(list.fds[i]);
}

// Whose account a link is under: its user, or its machine.
std::string PeerOf(const LinkTraits& traits) {
  if (!traits.peer_host.empty()) return traits.peer_host;
  return traits.peer.known ? Text("uid ", traits.peer.uid) : "this machine";
}

}  // namespace

Link::Link(Loop& loop, std::unique_ptr<LinkDriver> driver, LinkTraits traits)
    : loop_(loop),
      driver_(std::move(driver)),
      traits_(std::move(traits)),
      memory_(loop.blocks().budget().Open(PeerOf(traits_))),
      memory_timer_(
          [](Timer& timer) {
            auto* self = static_cast<Link*>(timer.user);
            self->FailLater(self->NoMemory());
          },
          this),
      provided_(traits_.provides_tx) {
  look_costs_ = provided_ ? 0 : 1;  // the memory that is provided is the medium
}

Link& Link::Add(Loop& loop, std::unique_ptr<LinkDriver> driver, LinkTraits traits,
                LinkOwner* owner) {
  auto link = std::make_unique<Link>(loop, std::move(driver), std::move(traits));
  Link& added = *link;
  added.SetOwner(owner);
  loop.Add(std::move(link));
  return added;
}

Link::~Link() {
  driver_.reset();
  if (fd_queues_ != nullptr) {
    FdQueues& q = *fd_queues_;
    while (q.tx_head != q.tx_tail) CloseFds(q.tx[q.tx_head++ % kFdFramesMax]);
    while (q.rx_head != q.rx_tail) CloseFds(q.rx[q.rx_head++ % kFdFramesMax]);
  }
  while (tx_oldest_ != nullptr) FreeOldestTxBlock();
  tx_.Pop(tx_.frames());
  rx_.Pop(rx_.frames());
  tx_.Rest();
  rx_.Rest();
  loop_.timers().Cancel(memory_timer_);
  memory_->Close();
}

// ---- Memory.

absl::Status Link::NoMemory() const {
  return MakeStatus(
      Outcome::kFailed, Reason::kResource,
      Text(traits_.description, ": no memory for what came, for ", FormatDurationNs(kMemoryWaitNs),
           ": ", loop_.blocks().budget().Describe()));
}

bool Link::AwaitMemory() {
  if (!linked()) loop_.blocks().budget().Await(*this);
  return false;
}

void Link::OnMemory() {
  room_notice_ = true;
  Wake();
}

Block Link::GetBlock(uint32_t bytes) {
  Block block = memory_->Get(bytes);
  if (block) [[likely]] {
    if (memory_timer_.armed()) loop_.timers().Cancel(memory_timer_);
    return block;
  }
  AwaitMemory();
  if (!memory_timer_.armed())
    loop_.timers().Arm(memory_timer_, AfterNs(loop_.clock().NowNs(), kMemoryWaitNs));
  return block;
}

// One that lies alone in a block is kept in that.
uint64_t Link::KeptBytes(uint32_t bytes) const {
  return RxBlock() != nullptr || bytes > kEnsuredBytesMax ? 0 : BlockPool::SizeFor(bytes);
}

bool Link::GrowTx() {
  if (tx_.has_block()) return false;
  Block block = memory_->Get(FrameQueue::kBlockBytes);
  if (!block) return AwaitMemory();
  tx_.Grow(std::move(block));
  return true;
}

bool Link::GrowRx() {
  if (rx_.has_block()) return false;
  Block block = GetBlock(FrameQueue::kBlockBytes);
  if (!block) return false;
  rx_.Grow(std::move(block));
  return true;
}

// ---- Sending.

std::byte* Link::Claim(uint32_t frame_bytes) {
  const uint32_t bytes = Align8(frame_bytes);
  if (claimed_bytes_ != 0 || closed_ || closing_) return nullptr;
  if (tx_.room() == 0 && !GrowTx()) return nullptr;
  if (static_cast<size_t>(claim_end_ - claim_at_) < bytes && !Refill(bytes)) return nullptr;
  claimed_bytes_ = bytes;
  return claim_at_;
}

bool Link::Refill(uint32_t bytes) {
  wanted_bytes_ = bytes;
  if (provided_) {
    if (pumping_) return false;
    pumping_ = true;
    driver_->Pump(*this);
    pumping_ = false;
    // The driver was pumped out of turn: it has told its peer that it is awake, and may have
    // received something. So it must be looked at before the node sleeps.
    Wake();
    if (static_cast<size_t>(claim_end_ - claim_at_) < bytes) return false;
    wanted_bytes_ = 0;
    return true;
  }
  if (tx_bytes_ + bytes > kTxBytesMax && !tx_.empty()) return false;
  const uint32_t needed = bytes + kTxBlockHeadBytes;
  // Room for many frames where there is plenty of memory, for this one where it is short.
  Block block;
  const uint32_t likely = loop_.blocks().budget().likely_bytes();
  if (likely != 0) block = memory_->Get(std::max(needed, likely));
  if (!block) block = memory_->Get(needed);
  if (!block) return AwaitMemory();
  std::byte* data = block.data();
  const uint32_t size = block.size();
  auto* chained = new (data) TxBlock{std::move(block), nullptr, tx_.tail()};
  if (tx_newest_ != nullptr && tx_.empty() && claimed_bytes_ == 0) FreeOldestTxBlock();
  (tx_newest_ == nullptr ? tx_oldest_ : tx_newest_->next) = chained;
  tx_newest_ = chained;
  claim_at_ = data + kTxBlockHeadBytes;
  claim_end_ = data + (size & ~7u);
  wanted_bytes_ = 0;
  return true;
}

std::byte* Link::GrowClaim(uint32_t frame_bytes, uint32_t front, uint32_t back) {
  JF_CHECK(claimed_bytes_ != 0 && front + back <= claimed_bytes_, "what grows is claimed");
  const uint32_t bytes = Align8(frame_bytes);
  if (bytes <= claimed_bytes_) return claim_at_;
  std::byte* const old = claim_at_;
  const uint32_t old_bytes = claimed_bytes_;
  if (static_cast<size_t>(claim_end_ - claim_at_) < bytes && !Refill(bytes)) return nullptr;
  // In the same memory the back moves up over itself; the front stays.
  std::memmove(claim_at_ + bytes - back, old + old_bytes - back, back);
  if (claim_at_ != old) std::memcpy(claim_at_, old, front);
  claimed_bytes_ = bytes;
  // A block that held nothing but the old claim has been kept until here.
  if (!provided_ && claim_at_ != old && tx_.empty()) {
    while (tx_oldest_ != tx_newest_) FreeOldestTxBlock();
  }
  return claim_at_;
}

void Link::Commit(std::byte* frame, uint32_t frame_bytes) {
  JF_CHECK(frame >= claim_at_ && frame + frame_bytes <= claim_at_ + claimed_bytes_,
           "a frame that is committed lies in the claim");
  if (frame != claim_at_ && frame_bytes <= kMoveBytesMax) {
    std::memmove(claim_at_, frame, frame_bytes);
    frame = claim_at_;
  }
  const uint32_t filled = Align8(frame_bytes);
  if (filled != frame_bytes) {  // zeros: what lay there before is nobody's business
    uint64_t last;
    std::memcpy(&last, frame + filled - 8, 8);
    last &= (uint64_t{1} << (8 * (frame_bytes % 8))) - 1;
    std::memcpy(frame + filled - 8, &last, 8);
  }
  claim_at_ = frame + filled;
  claimed_bytes_ = 0;
  tx_.Push({frame, frame_bytes});
  tx_bytes_ += filled;
  if (tx_newest_ != nullptr) tx_newest_->frames_end = tx_.tail();
  Wake();
}

bool Link::AttachFds(const int* fds, uint8_t count) {
  if (fd_queues_ == nullptr) fd_queues_ = std::make_unique<FdQueues>();
  FdQueues& q = *fd_queues_;
  if (q.tx_tail - q.tx_head == kFdFramesMax || count > kFdsMax) return false;
  FdList& list = q.tx[q.tx_tail++ % kFdFramesMax];
  list.frame = tx_.tail();
  list.count = count;
  std::memcpy(list.fds.data(), fds, count * sizeof(int));
  return true;
}

bool Link::has_fd_room() const {
  return fd_queues_ == nullptr || fd_queues_->tx_tail - fd_queues_->tx_head < kFdFramesMax;
}

bool Link::TakeFds(int* fds, uint8_t count) {
  if (fd_queues_ == nullptr) return count == 0;
  FdQueues& q = *fd_queues_;
  // Those of a frame that was dropped are nobody's.
  while (q.rx_head != q.rx_tail && After(rx_.head(), q.rx[q.rx_head % kFdFramesMax].frame))
    CloseFds(q.rx[q.rx_head++ % kFdFramesMax]);
  const bool here = q.rx_head != q.rx_tail && q.rx[q.rx_head % kFdFramesMax].frame == rx_.head();
  if (q.rx_overflow || (here ? q.rx[q.rx_head % kFdFramesMax].count : 0) != count) return false;
  if (here) std::memcpy(fds, q.rx[q.rx_head++ % kFdFramesMax].fds.data(), count * sizeof(int));
  return true;
}

const Link::FdList* Link::NextTxFds(uint32_t ahead) const {
  if (fd_queues_ == nullptr) return nullptr;
  for (uint32_t i = fd_queues_->tx_head; i != fd_queues_->tx_tail; ++i) {
    const FdList& list = fd_queues_->tx[i % kFdFramesMax];
    if (list.frame == tx_.head() + ahead) return &list;
  }
  return nullptr;
}

void Link::PopTx(uint32_t frames) {
  JF_CHECK(frames <= tx_frames(), "what has left was in the queue");
  for (uint32_t i = 0; i < frames; ++i) tx_bytes_ -= Align8(NextTx(i).bytes);
  tx_.Pop(frames);
  tx_given_ -= std::min(tx_given_, frames);
  room_notice_ |= frames > 0;
  activity_ += frames;
  if (fd_queues_ != nullptr) {
    FdQueues& q = *fd_queues_;
    while (q.tx_head != q.tx_tail && After(tx_.head(), q.tx[q.tx_head % kFdFramesMax].frame))
      CloseFds(q.tx[q.tx_head++ % kFdFramesMax]);
  }
  while (tx_oldest_ != tx_newest_ && !After(tx_oldest_->frames_end, tx_.head()))
    FreeOldestTxBlock();
  if (tx_.empty() && tx_newest_ != nullptr && claimed_bytes_ == 0)  // start over while it is warm
    claim_at_ = reinterpret_cast<std::byte*>(tx_newest_) + kTxBlockHeadBytes;
}

void Link::FreeOldestTxBlock() {
  TxBlock* oldest = tx_oldest_;
  tx_oldest_ = oldest->next;
  if (tx_oldest_ == nullptr) tx_newest_ = nullptr;
  const Block freed = std::move(oldest->self);
}

void Link::PushRx(FrameRef frame, Block* block) {
  if (rx_room() == 0) FailLater(NoMemory());  // its driver did not ask for room
  if (!failed_why_.ok()) return;  // what comes behind a frame that is missing is of no use
  rx_.Push(frame);
  rx_block_ = block;
  ++activity_;
}

void Link::PushRxFds(const int* fds, uint8_t count) {
  if (fd_queues_ == nullptr) fd_queues_ = std::make_unique<FdQueues>();
  FdQueues& q = *fd_queues_;
  if (q.rx_tail - q.rx_head == kFdFramesMax || count > kFdsMax || !caps().fds) {
    for (uint8_t i = 0; i < count; ++i) close(fds[i]);
    q.rx_overflow = true;
    return;
  }
  FdList& list = q.rx[q.rx_tail++ % kFdFramesMax];
  list.frame = rx_.tail();
  list.count = count;
  std::memcpy(list.fds.data(), fds, count * sizeof(int));
}

void Link::ProvideTx(std::byte* at, uint32_t bytes) {
  provided_ = true;
  claim_at_ = at;
  claim_end_ = at + bytes;
  if (wanted_bytes_ != 0 && bytes >= wanted_bytes_) {
    wanted_bytes_ = 0;
    room_notice_ = true;
    ++activity_;
  }
}

void Link::Closed(absl::Status why) {
  if (closed_) return;
  closed_ = true;
  closed_why_ = failed_why_.ok() ? std::move(why) : failed_why_;
  ++activity_;
  Wake();
}

// Its driver must be closed, for it may have operations under way; not from inside its Pump.
void Link::FailLater(absl::Status why) {
  if (closed_ || !failed_why_.ok()) return;
  failed_why_ = std::move(why);
  ++activity_;
  Wake();
}

void Link::Wake() {
  if (outer_ != nullptr) return outer_->Wake();
  loop_.Wake(*this);
}

void Link::Turn(bool resting) {
  if (!closed_ && !pumping_) {
    resting_ = resting;
    woken_ = false;
    pumping_ = true;
    driver_->Pump(*this);
    pumping_ = false;
    resting_ = false;
  }
  if (!failed_why_.ok()) [[unlikely]] {
    if (!closing_ && !closed_ && owner_ != nullptr) owner_->OnFailing(*this, failed_why_);
    StartClose();
  }
  if (owner_ == nullptr) return;
  if (has_rx()) {
    owner_->OnFrames(*this);
    if (has_tx() && !closed_ && !pumping_) {  // the answers leave at once, all in one go
      woken_ = false;
      pumping_ = true;
      driver_->Pump(*this);
      pumping_ = false;
    }
  }
  if (room_notice_ && owner_ != nullptr) {  // what it has just been told may have ended it
    room_notice_ = false;
    ++activity_;  // who waits for it looks again before the node sleeps
    owner_->OnRoom(*this);
  }
  if (closed_ && !closed_told_ && !has_rx() && owner_ != nullptr) {
    closed_told_ = true;
    owner_->OnClosed(*this, closed_why_);
  }
}

void Link::StartClose() {
  if (closing_ || closed_ || loop_.forked()) return;
  closing_ = true;
  Wake();
  if (has_tx() && !pumping_) driver_->Pump(*this);  // what fits still goes: a refusal, a receipt
  if (!closed_) driver_->Close(*this);
}

void Link::Rest() {
  // Who waits for more keeps what it has: given back it would be memory to wake for.
  if (awaits_memory() && !closed_) return;
  if (tx_.empty() && claimed_bytes_ == 0) {
    if (!provided_) {
      while (tx_oldest_ != nullptr) FreeOldestTxBlock();
      claim_at_ = claim_end_ = nullptr;
    }
    tx_.Rest();
  }
  rx_.Rest();
  // What all that rest may have in hand is a quarter of the budget.
  const MemoryBudget& budget = loop_.blocks().budget();
  if (budget.bytes_held() > budget.bytes_max() / 4) memory_->Rest();
}

}  // namespace jackfield
