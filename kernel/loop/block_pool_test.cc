#include "kernel/loop/block_pool.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

TEST(BlockPool, GivesTheSmallestSizeThatFitsAligned) {
  BlockPool pool(64 << 20);
  for (const uint32_t bytes : {0u, 1u, 512u, 513u, 4096u, 65536u, 65537u, 16u << 20}) {
    const Block block = pool.Get(bytes);
    ASSERT_TRUE(block) << bytes;
    EXPECT_GE(block.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % 64, 0u);
  }
  EXPECT_FALSE(pool.Get(BlockPool::kBlockBytesMax + 1));
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(BlockPool, NeverExceedsItsBudgetAndRecovers) {
  BlockPool pool(10 * 4096);
  std::vector<Block> blocks;
  for (;;) {
    Block block = pool.Get(4096);
    if (!block) break;
    blocks.push_back(std::move(block));
  }
  EXPECT_EQ(blocks.size(), 10u);
  EXPECT_EQ(pool.bytes_in_use(), 10u * 4096);
  EXPECT_FALSE(pool.Get(512)) << "the budget is of all sizes together";
  std::byte* const last = blocks.back().data();
  blocks.pop_back();
  EXPECT_EQ(pool.Get(4096).data(), last) << "the one that is warm comes first";
}

TEST(BlockPool, FreeBlocksOfOneSizeDoNotStarveAnother) {
  BlockPool pool(128 << 10);
  { const Block a = pool.Get(64 << 10), b = pool.Get(64 << 10); }
  EXPECT_TRUE(pool.Get(512)) << "idle large blocks go back to the system";
}

TEST(BlockPool, FreeBlocksOfASmallSizeDoNotStarveALargeOneForEver) {
  BlockPool pool(128 << 10);
  {
    std::vector<Block> small;
    for (int i = 0; i < 32; ++i) small.push_back(pool.Get(4096));
    EXPECT_FALSE(pool.Get(64 << 10));
  }
  EXPECT_TRUE(pool.Get(64 << 10));
}

TEST(Block, MovesAndReturns) {
  BlockPool pool(1 << 20);
  Block a = pool.Get(1);
  Block b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_TRUE(b);
  b = Block();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(Block().size(), 0u);
}

}  // namespace
}  // namespace jackfield
