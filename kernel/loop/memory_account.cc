#include "kernel/loop/memory_account.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "kernel/base/clock.h"
#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/loop/block_pool.h"

namespace jackfield {
namespace {

constexpr int kWokenAtOnce = 2;  // in a turn: most who wait try in vain, and others have work to do
constexpr int64_t kSayAgainNs = 60'000'000'000;
// So much of the reserve may a link hold at most.
constexpr uint64_t kFloorBytesMin = 16 << 10, kFloorBytesMax = 64 << 10;
// What a link holds of the reserve is at most this part of what it leaves there.
constexpr uint64_t kReserveShare = 32;
constexpr size_t kPeersNamed = 3;

}  // namespace

// ---- An account.

uint64_t MemoryAccount::bytes_held() const {
  return above_ == nullptr ? budget_.bytes_held() : taken_ - spare_;
}

MemoryAccount::Holding MemoryAccount::HoldingOf(uint64_t bytes) const {
  if (bytes <= kCallBytes) return Holding::kCall;
  return bytes <= budget_.floor_bytes() ? Holding::kSmall : Holding::kLarge;
}

// What it may take from above now: held + x ≤ 2 (room above - x), and of the reserve
// held + x ≤ (room above - x) / kReserveShare.
uint64_t MemoryAccount::Room(Holding holding) const {
  if (above_ == nullptr) {
    const uint64_t reserve = holding == Holding::kLarge ? budget_.reserve_bytes() : 0;
    return spare_ - std::min(spare_, reserve);
  }
  const uint64_t room = above_->Room(holding);
  const bool is_link = above_->above_ != nullptr;
  if (is_link && holding == Holding::kCall) return room;
  if (is_link && holding == Holding::kSmall)
    return (room - std::min(room, kReserveShare * taken_)) / (kReserveShare + 1);
  return (2 * room - std::min(2 * room, taken_)) / 3;
}

bool MemoryAccount::TakeMore(uint64_t bytes) {
  const uint64_t missing = bytes - spare_;
  if (above_ != nullptr) {
    spare_max_ = SpareMax();
    const uint64_t more = budget_.likely_bytes() == 0 ? 0 : std::min(kSpareBytes, spare_max_ / 2);
    for (const uint64_t wanted : {missing + more, missing}) {
      if (wanted > Room(HoldingOf(taken_ + wanted))) continue;
      MemoryAccount* account = this;
      for (; account->above_ != nullptr; account = account->above_) account->taken_ += wanted;
      account->spare_ -= wanted;
      spare_ += wanted;
      return true;
    }
  }
  budget_.Refused(*this, missing);
  return false;
}

// What a link has in hand spares it to count anew each time that it rests and wakes. All links
// together have at most half of the budget in hand.
uint64_t MemoryAccount::SpareMax() const {
  return std::min(kSpareBytesMax, budget_.bytes_max() / 2 / std::max(budget_.own_.below_, 1u));
}

void MemoryAccount::ReturnSpare(uint64_t kept) {
  const uint64_t returned = spare_ - std::min(spare_, kept);
  spare_ -= returned;
  MemoryAccount* account = this;
  for (; account->above_ != nullptr; account = account->above_) account->taken_ -= returned;
  account->spare_ += returned;
  budget_.NoteReturn();
  if (spare_max_ == 0 && taken_ == 0) budget_.Forget(this);  // it is gone after this
}

void MemoryAccount::Close() {
  spare_max_ = 0;
  ReturnSpare(0);
}

// ---- All of them.

MemoryBudget::MemoryBudget(BlockPool& pool, uint64_t bytes_max, std::string_view owner)
    : pool_(pool),
      bytes_max_(bytes_max),
      owner_(owner),
      frame_bytes_max_(FrameBytesMax()),
      own_(pool, *this, nullptr, "") {
  own_.spare_ = bytes_max;
  own_.spare_max_ = UINT64_MAX;
}

MemoryBudget::~MemoryBudget() = default;

MemoryAccount* MemoryBudget::Open(std::string_view peer) {
  std::unique_ptr<MemoryAccount>& above = peers_[std::string(peer)];
  if (above == nullptr) above.reset(new MemoryAccount(pool_, *this, &own_, peer));
  ++above->below_;
  ++own_.below_;
  return new MemoryAccount(pool_, *this, above.get(), "");
}

void MemoryBudget::Forget(MemoryAccount* account) {
  MemoryAccount* above = account->above_;
  delete account;
  --own_.below_;
  if (--above->below_ == 0) peers_.erase(std::string(above->name_));
}

uint64_t MemoryBudget::floor_bytes() const {
  return std::clamp(bytes_max_ / 64, kFloorBytesMin, kFloorBytesMax);
}

uint32_t MemoryBudget::FrameBytesMax() const {
  constexpr uint8_t kLeast = 4;  // 4 KiB
  static_assert(BlockPool::kSizes[kLeast] == 4 << 10);
  for (uint8_t i = BlockPool::kClasses - 1; i > kLeast; --i) {
    if (uint64_t{BlockPool::kSizes[i]} + BlockPool::kSizes[i - 1] + floor_bytes() <=
        link_bytes_max())
      return BlockPool::kSizes[i];
  }
  return BlockPool::kSizes[kLeast];
}

std::string MemoryBudget::Describe() const {
  std::string text = Text(owner_, " holds ", FormatBytes(bytes_held()), " of its ",
                          FormatBytes(bytes_max_), " of message memory");
  std::vector<const MemoryAccount*> largest;
  for (const auto& [name, account] : peers_) largest.push_back(account.get());
  const size_t named = std::min(largest.size(), kPeersNamed);
  std::partial_sort(largest.begin(), largest.begin() + static_cast<ptrdiff_t>(named), largest.end(),
                    [](const auto* a, const auto* b) { return a->taken_ > b->taken_; });
  largest.resize(named);
  for (size_t i = 0; i < largest.size(); ++i) {
    text += Text(i == 0 ? ": " : ", ", FormatBytes(largest[i]->taken_), " for ", largest[i]->name_,
                 " (", largest[i]->below_, largest[i]->below_ == 1 ? " link)" : " links)");
  }
  return text +
         "; more: limits = { memory = \"…\" } of the service in its wiring, or --memory, or "
         "NodeOptions.memory_bytes_max";
}

void MemoryBudget::Refused(const MemoryAccount& account, uint64_t bytes) {
  const int64_t now_ns = SystemClock().NowNs();
  if (said_ns_ != 0 && now_ns - said_ns_ < kSayAgainNs) return;
  said_ns_ = now_ns;
  const MemoryAccount* peer = account.above_ != nullptr ? account.above_ : &account;
  std::fprintf(stderr, "jackfield: no memory for %s more%s%s: %s\n", FormatBytes(bytes).c_str(),
               peer->name_.empty() ? "" : " for ", peer->name_.c_str(), Describe().c_str());
}

bool MemoryBudget::WakeSome() {
  for (int i = 0; i < kWokenAtOnce; ++i) {
    MemoryWaiter* waiter = waiters_.front();
    if (waiter == nullptr || waiter->since_return_ == returns_) break;
    waiter->Unlink();
    waiter->OnMemory();
  }
  return true;
}

}  // namespace jackfield
