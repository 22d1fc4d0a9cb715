// Who holds how much of a node's message memory, and how much more each may take.
//
// Accounts are a tree: the node's budget; below it one for each peer (all links from one host, or
// of one user); below that one for each link. What an account takes counts in all above it. Memory
// is never promised, only taken: a claim of 16 MiB costs nothing until its bytes come.
//
// The rule, the same at each level: an account may hold twice what it leaves to its neighbours. So
// one peer alone gets most of the budget, n of them share it, and however many there are, and
// whatever they hold, something is left for the next. (Choudhury and Hahne, "Dynamic queue length
// thresholds", 1998.)
// The last eighth of the budget is a reserve for small holdings (floor_bytes a link), and of that a
// link may hold a small part of what it leaves: a hello, a reply, an acknowledgement finds room
// although large frames fill the rest. The first kCallBytes of a link ask nobody: they are what one
// call and its answer take.
//
// No memory is not an error here: Get gives an empty Block, and who can wait becomes a
// MemoryWaiter. The first time in a minute it is said on stderr who holds what.
//
// Thread: the node's. Ownership: an account that is closed lives until its last block is back, so
// a message may outlive its link.
#ifndef JACKFIELD_KERNEL_LOOP_MEMORY_ACCOUNT_H_
#define JACKFIELD_KERNEL_LOOP_MEMORY_ACCOUNT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kernel/base/list.h"

namespace jackfield {

class Block;
class BlockPool;

// Somebody who was refused memory and wants to be told when there may be some.
struct MemoryTag {};
class MemoryWaiter : public ListNode<MemoryTag> {
 public:
  virtual ~MemoryWaiter() = default;
  virtual void OnMemory() = 0;  // tries again, and waits again if it must

 private:
  friend class MemoryBudget;
  uint64_t since_return_ = 0;  // how much had come back when it began to wait
};

class MemoryAccount {
 public:
  MemoryAccount(const MemoryAccount&) = delete;

  // A block of at least `bytes`, charged to this account until it is given back. Empty: more than
  // the account may hold now, or than a block is large, or the system has none.
  inline Block Get(uint32_t bytes);
  // Sees to it that blocks of `bytes` in all can be had now. False: not now.
  bool Ensure(uint64_t bytes) { return spare_ >= bytes || TakeMore(bytes); }
  // Gives back what it took and does not use: the link rests.
  void Rest() {
    if (above_ != nullptr && spare_ != 0) ReturnSpare(0);
  }
  // No block will be taken any more.
  void Close();

  uint64_t bytes_held() const;
  // The largest frame that it could hold if all others held nothing.
  inline uint32_t frame_bytes_max() const;

 private:
  friend class Block;
  friend class BlockPool;
  friend class MemoryBudget;
  static constexpr uint64_t kCallBytes = 16 << 10;
  // So much more than it needs at once does an account take from above; and so much it has in hand
  // at most, where few links share the budget (SpareMax).
  static constexpr uint64_t kSpareBytes = 16 << 10, kSpareBytesMax = 256 << 10;

  MemoryAccount(BlockPool& pool, class MemoryBudget& budget, MemoryAccount* above,
                std::string_view name)
      : pool_(pool), budget_(budget), above_(above), name_(name) {}

  bool Take(uint32_t bytes) {
    if (spare_ < bytes && !TakeMore(bytes)) [[unlikely]]
      return false;
    spare_ -= bytes;
    return true;
  }
  void GiveBack(uint32_t bytes) {
    spare_ += bytes;
    if (spare_ > spare_max_) [[unlikely]]
      ReturnSpare(spare_max_ / 2);
  }
  bool TakeMore(uint64_t bytes);
  uint64_t SpareMax() const;
  void ReturnSpare(uint64_t kept);
  enum class Holding : uint8_t { kCall, kSmall, kLarge };
  Holding HoldingOf(uint64_t bytes) const;
  uint64_t Room(Holding holding) const;

  BlockPool& pool_;
  MemoryBudget& budget_;
  MemoryAccount* const above_;  // null: the node's own, which is the whole budget
  const std::string name_;      // of a peer's account
  uint64_t taken_ = 0;          // from above
  uint64_t spare_ = 0;          // of it, not in blocks; in the node's own: what nobody has taken
  uint64_t spare_max_ = kSpareBytesMax;
  uint32_t below_ = 0;  // accounts of links: of a peer, or in the node's own of all
};

// All accounts of one node.
class MemoryBudget {
 public:
  // owner: of the node, for notices.
  MemoryBudget(BlockPool& pool, uint64_t bytes_max, std::string_view owner);
  ~MemoryBudget();

  // What belongs to nobody else: its own needs may take all that is left.
  MemoryAccount& own() { return own_; }
  // One for a link, of the peer with that name; closed by its user.
  MemoryAccount* Open(std::string_view peer);

  uint64_t bytes_max() const { return bytes_max_; }
  uint64_t bytes_held() const { return bytes_max_ - own_.spare_; }
  // How large a block may be taken for what is likely to come, so that ten thousand links which
  // are busy at once still find what one call each needs. 0: as large as is needed now.
  uint32_t likely_bytes() const {
    const uint64_t held = bytes_held();
    return held <= bytes_max_ / 8 ? 64 << 10 : held <= bytes_max_ / 4 ? 16 << 10 : 0;
  }
  uint64_t reserve_bytes() const { return bytes_max_ / 8; }
  uint64_t floor_bytes() const;  // a link's share of the reserve
  // The most that one peer, and one link, may hold while all others hold nothing.
  uint64_t peer_bytes_max() const { return (bytes_max_ - reserve_bytes()) * 2 / 3; }
  uint64_t link_bytes_max() const { return peer_bytes_max() * 2 / 3; }
  // The largest frame that a link can take: its block, and the smaller one that it grew out of.
  uint32_t frame_bytes_max() const { return frame_bytes_max_; }

  // For errors: who holds how much, which limit it is and how to raise it.
  std::string Describe() const;

  void Await(MemoryWaiter& waiter) {
    waiter.Unlink();
    waiter.since_return_ = returns_;
    waiters_.PushBack(waiter);
  }
  // Tells some of those who wait since before memory last came back. True: there was somebody.
  bool WakeWaiters() {
    const MemoryWaiter* first = waiters_.front();
    return first != nullptr && first->since_return_ != returns_ && WakeSome();
  }
  void NoteReturn() { ++returns_; }

 private:
  friend class MemoryAccount;
  bool WakeSome();
  uint32_t FrameBytesMax() const;
  void Refused(const MemoryAccount& account, uint64_t bytes);
  void Forget(MemoryAccount* account);  // nothing refers to it any more

  BlockPool& pool_;
  const uint64_t bytes_max_;
  const std::string owner_;
  const uint32_t frame_bytes_max_;
  MemoryAccount own_;
  std::unordered_map<std::string, std::unique_ptr<MemoryAccount>> peers_;
  List<MemoryWaiter, MemoryTag> waiters_;
  uint64_t returns_ = 0;
  int64_t said_ns_ = 0;
};

inline uint32_t MemoryAccount::frame_bytes_max() const { return budget_.frame_bytes_max(); }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_MEMORY_ACCOUNT_H_
