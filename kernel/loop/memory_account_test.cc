// Accounts of one budget, by themselves: what each may hold beside the others, and who is woken.
#include "kernel/loop/memory_account.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/loop/block_pool.h"

namespace jackfield {
namespace {

constexpr uint64_t kMiB = 1 << 20;

// A link that holds blocks until it is destroyed.
class Holder {
 public:
  Holder(BlockPool& pool, std::string_view peer) : account_(pool.budget().Open(peer)) {}
  ~Holder() {
    blocks_.clear();
    account_->Close();
  }
  bool Take(uint32_t bytes) {
    Block block = account_->Get(bytes);
    if (!block) return false;
    blocks_.push_back(std::move(block));
    return true;
  }
  void TakeAll(uint32_t bytes) {
    while (Take(bytes)) {
    }
  }
  void Drop() { blocks_.pop_back(); }
  MemoryAccount& account() { return *account_; }

 private:
  MemoryAccount* const account_;
  std::vector<Block> blocks_;
};

using Holders = std::vector<std::unique_ptr<Holder>>;

TEST(MemoryAccount, OneLinkAloneHoldsItsShareAndNoMore) {
  BlockPool pool(256 * kMiB);
  Holder link(pool, "a");
  link.TakeAll(64 << 10);
  EXPECT_LE(link.account().bytes_held(), pool.budget().link_bytes_max());
  EXPECT_GE(link.account().bytes_held(), pool.budget().link_bytes_max() - kMiB);
}

// A link takes what is likely to come where there is plenty, else what it needs: a block to read
// into, and one to send from.
TEST(MemoryAccount, TenThousandLinksThatAreBusyAtOnceFindWhatOneCallEachNeeds) {
  BlockPool pool(256 * kMiB);
  Holders links;
  for (int i = 0; i < 10'000; ++i) {
    links.push_back(std::make_unique<Holder>(pool, "uid 0"));
    const uint32_t likely = pool.budget().likely_bytes();
    ASSERT_TRUE(links.back()->Take(std::max(likely, 4096u))) << i << pool.budget().Describe();
    ASSERT_TRUE(links.back()->Take(std::max(likely, 512u))) << i << pool.budget().Describe();
  }
  EXPECT_LE(pool.budget().bytes_held(), 256 * kMiB * 2 / 3);
}

TEST(MemoryAccount, OnePeerWithManyLinksLeavesAThirdToOthers) {
  BlockPool pool(256 * kMiB);
  Holders links;
  for (int i = 0; i < 200; ++i) {
    links.push_back(std::make_unique<Holder>(pool, "a stranger"));
    links.back()->TakeAll(64 << 10);
  }
  EXPECT_LE(pool.budget().bytes_held(), 256 * kMiB * 2 / 3);
  Holder other(pool, "another");
  EXPECT_TRUE(other.Take(16 << 20)) << "a whole large frame";
}

TEST(MemoryAccount, HoweverManyOfAPeerHoldAllTheyGetItsNextLinkGetsWhatACallNeeds) {
  BlockPool pool(256 * kMiB);
  Holders links;
  for (int i = 0; i < 1000; ++i) {
    links.push_back(std::make_unique<Holder>(pool, "a"));
    for (const uint32_t bytes : {16u << 20, 4u << 20, 1u << 20, 256u << 10}) {
      links.back()->TakeAll(bytes);
    }
  }
  Holder honest(pool, "a");
  for (int i = 0; i < 2; ++i) {  // received and to be sent: a small block, and the queue
    EXPECT_TRUE(honest.Take(4 << 10));
    EXPECT_TRUE(honest.Take(16 << 10));
  }
  EXPECT_TRUE(honest.Take(512));
}

TEST(MemoryAccount, HoweverManyPeersThereAreTheNextOneGetsWhatACallNeeds) {
  BlockPool pool(24 * kMiB);
  Holders links;
  for (int i = 0; i < 100; ++i) {
    links.push_back(std::make_unique<Holder>(pool, std::to_string(i)));
    links.back()->TakeAll(256 << 10);
    links.back()->TakeAll(64 << 10);
  }
  Holder honest(pool, "honest");
  EXPECT_TRUE(honest.Take(4 << 10));
  EXPECT_TRUE(honest.Take(16 << 10));
  EXPECT_TRUE(honest.Take(512));
}

// What each link of a peer that begins large frames gets is at last a small block.
TEST(MemoryAccount, BesideAHundredLinksThatAlsoFillTheReserveACallStillFindsItsBlocks) {
  for (const uint64_t budget : {12 * kMiB, 64 * kMiB, 256 * kMiB}) {
    BlockPool pool(budget);
    Holders links;
    for (int i = 0; i < 100; ++i) {
      links.push_back(std::make_unique<Holder>(pool, "a"));
      links.back()->Take(4 << 10);
      for (const uint32_t bytes : {4u << 20, 1u << 20, 256u << 10, 64u << 10, 16u << 10})
        links.back()->TakeAll(bytes);
    }
    Holder honest(pool, "a");
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(honest.Take(4 << 10)) << budget;
    EXPECT_FALSE(honest.Take(1 << 20)) << "the rest is full indeed";
  }
}

TEST(MemoryAccount, TheNodesOwnNeedsMayTakeAllThatIsLeft) {
  BlockPool pool(4 * kMiB);
  Holder link(pool, "a");
  link.TakeAll(64 << 10);
  std::vector<Block> own;
  while (Block block = pool.Get(4 << 10)) own.push_back(std::move(block));
  EXPECT_GT(pool.budget().bytes_held(), 4 * kMiB - (64 << 10));
  EXPECT_LE(pool.bytes_in_use(), 4 * kMiB);
  EXPECT_FALSE(link.Take(64 << 10));
}

TEST(MemoryAccount, ABlockThatOutlivesItsLinkIsChargedUntilItIsBack) {
  BlockPool pool(64 * kMiB);
  Block kept;
  {
    MemoryAccount* account = pool.budget().Open("a");
    kept = account->Get(kMiB);
    account->Close();
  }
  EXPECT_EQ(pool.budget().bytes_held(), kMiB);
  EXPECT_NE(pool.budget().Describe().find("1 MiB for a (1 link)"), std::string::npos)
      << pool.budget().Describe();
  kept.Reset();
  EXPECT_EQ(pool.budget().bytes_held(), 0u);
  EXPECT_EQ(pool.budget().Describe().find("for a"), std::string::npos);
}

TEST(MemoryAccount, AtRestNothingIsHeld) {
  BlockPool pool(64 * kMiB);
  Holder link(pool, "a");
  ASSERT_TRUE(link.Take(512));
  link.Drop();
  EXPECT_GT(pool.budget().bytes_held(), 0u) << "what is used again at once is not given back";
  link.account().Rest();
  EXPECT_EQ(pool.budget().bytes_held(), 0u);
}

TEST(MemoryAccount, WhatIsEnsuredIsThereThoughOthersTakeAllTheRest) {
  BlockPool pool(4 * kMiB);
  Holder link(pool, "a");
  ASSERT_TRUE(link.account().Ensure(64 << 10));
  std::vector<Block> own;
  while (Block block = pool.Get(512)) own.push_back(std::move(block));
  EXPECT_TRUE(link.Take(64 << 10));
}

TEST(MemoryAccount, TheLargestFrameFitsWhereNothingElseIsHeldAndSaysWhatItIs) {
  EXPECT_GE(BlockPool(256 * kMiB).budget().frame_bytes_max(), 16 * kMiB);
  EXPECT_GE(BlockPool(64 * kMiB).budget().frame_bytes_max(), 16 * kMiB);
  EXPECT_LT(BlockPool(12 * kMiB).budget().frame_bytes_max(), 4 * kMiB);
  for (const uint64_t bytes : {kMiB, 12 * kMiB, 64 * kMiB, 256 * kMiB}) {
    BlockPool pool(bytes);
    Holder link(pool, "a");
    const uint32_t frame = pool.budget().frame_bytes_max();
    EXPECT_TRUE(link.Take(frame / 4)) << bytes;
    EXPECT_TRUE(link.Take(frame)) << bytes << ": grown from a quarter";
  }
}

class Waiter final : public MemoryWaiter {
 public:
  explicit Waiter(BlockPool& pool) : pool_(pool) {}
  void OnMemory() override {
    ++woken;
    if (waits_again) pool_.budget().Await(*this);
  }
  int woken = 0;
  bool waits_again = true;

 private:
  BlockPool& pool_;
};

TEST(MemoryWaiter, IsWokenWhenMemoryHasComeBackAndNotBefore) {
  BlockPool pool(4 * kMiB);
  Waiter waiter(pool);
  Block block = pool.Get(512);
  pool.budget().Await(waiter);
  EXPECT_FALSE(pool.budget().WakeWaiters());
  block.Reset();
  EXPECT_TRUE(pool.budget().WakeWaiters());
  EXPECT_EQ(waiter.woken, 1);
  EXPECT_FALSE(pool.budget().WakeWaiters()) << "it tried, and waits for the next";
  EXPECT_EQ(waiter.woken, 1);
}

TEST(MemoryWaiter, AllAreWokenByOneReturnAFewAtATime) {
  BlockPool pool(4 * kMiB);
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (int i = 0; i < 100; ++i) {
    waiters.push_back(std::make_unique<Waiter>(pool));
    pool.budget().Await(*waiters.back());
  }
  pool.Get(512).Reset();
  int rounds = 0;
  while (pool.budget().WakeWaiters()) ++rounds;
  EXPECT_GT(rounds, 1);
  for (const auto& waiter : waiters) EXPECT_EQ(waiter->woken, 1);
}

TEST(MemoryBudget, SaysOnceWhoHoldsWhatAndWhatHelps) {
  BlockPool pool(4 * kMiB, "shop");
  Holder a(pool, "192.0.2.7"), b(pool, "192.0.2.7");
  testing::internal::CaptureStderr();
  a.TakeAll(256 << 10);
  b.TakeAll(256 << 10);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("jackfield: no memory for "), 0u) << said;
  EXPECT_NE(said.find("shop holds "), std::string::npos) << said;
  EXPECT_NE(said.find(" for 192.0.2.7 (2 links)"), std::string::npos) << said;
  EXPECT_NE(said.find("limits = { memory"), std::string::npos) << said;
  EXPECT_EQ(said.find('\n'), said.size() - 1) << "once: " << said;
}

}  // namespace
}  // namespace jackfield
