// What goes into a frame: bytes are copied, FlatBuffers are built in place, in a room that grows,
// and where the room runs out in memory of their own, from which what fits is moved in.
#include "kernel/payload.h"

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/loop/block_pool.h"
#include "schemas/control_generated.h"

namespace jackfield {
namespace {

constexpr uint32_t kPrefix = kHeaderBytes;

class PayloadTest : public testing::Test {
 protected:
  // A frame in a block of its own, of at most so many bytes.
  FrameSpace SpaceOf(uint32_t bytes_max) { return {nullptr, &memory_, kPrefix, bytes_max}; }
  // A table with a text of so many bytes.
  static auto TableWith(size_t bytes) {
    return [text = std::string(bytes, 't')](flatbuffers::FlatBufferBuilder& fbb) {
      fbb.Finish(wire::CreateFailure(fbb, 1, 2, fbb.CreateString(text)));
    };
  }
  static void ExpectTableWith(std::span<const std::byte> written, size_t bytes) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(written.data()) % kPayloadAlignment, 0u);
    const auto* table = RootOf<wire::Failure>(written);
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table->text()->str(), std::string(bytes, 't'));
  }

  BlockPool pool_{64 << 20};
  MemoryAccount& memory_ = pool_;
};

TEST_F(PayloadTest, BytesAreCopiedBehindThePrefix) {
  FrameSpace space = SpaceOf(4096);
  std::span<std::byte> written;
  ASSERT_TRUE(Bytes("hello").Write(space, &written));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(written.data()), written.size()), "hello");
  const Block block = space.TakeBlock();
  EXPECT_EQ(written.data(), block.data() + kPrefix);
}

TEST_F(PayloadTest, NothingIsAPayloadToo) {
  FrameSpace space = SpaceOf(kPrefix);
  std::span<std::byte> written;
  EXPECT_TRUE(Bytes().Write(space, &written));
  EXPECT_TRUE(written.empty());
}

TEST_F(PayloadTest, ALargestPayloadFitsAndOneByteMoreIsTooLarge) {
  for (const bool more : {false, true}) {
    FrameSpace space = SpaceOf(kPrefix + 1000);
    const std::string text(1000 + more, 'x');
    std::span<std::byte> written;
    EXPECT_EQ(Bytes(text).Write(space, &written), !more);
    EXPECT_EQ(space.too_large(), more);
  }
}

TEST_F(PayloadTest, WithoutMemoryThereIsNoRoomButItIsNotTooLarge) {
  BlockPool empty(0);
  MemoryAccount& none = empty;
  FrameSpace space(nullptr, &none, kPrefix, 4096);
  std::span<std::byte> written;
  EXPECT_FALSE(Bytes("hello").Write(space, &written));
  EXPECT_FALSE(space.too_large());
}

TEST_F(PayloadTest, ATableGrowsFromItsHintToWhatItIs) {
  for (const uint32_t hint : {8u, 64u, 512u, 100'000u}) {
    for (const size_t bytes : {0, 10, 300, 5'000, 70'000}) {
      FrameSpace space = SpaceOf(1 << 20);
      Build build(TableWith(bytes), hint);
      std::span<std::byte> written;
      ASSERT_TRUE(build.Write(space, &written)) << hint << " " << bytes;
      ExpectTableWith(written, bytes);
      const Block block = space.TakeBlock();
      EXPECT_GE(written.data(), block.data() + kPrefix);
      EXPECT_LE(written.data() + written.size(), block.data() + block.size());
    }
  }
}

// The builder asks for twice what it has: what it built may fit where its room did not.
TEST_F(PayloadTest, ATableThatOverflowsItsRoomIsMovedInIfItFits) {
  const auto bytes_max = [](size_t more) {
    return kPrefix + static_cast<uint32_t>(1000 + more + kPayloadAlignmentMax);
  };
  FrameSpace space = SpaceOf(bytes_max(100));
  Build fits(TableWith(1000), 64, kPayloadAlignment);
  std::span<std::byte> written;
  ASSERT_TRUE(fits.Write(space, &written));
  ExpectTableWith(written, 1000);

  FrameSpace small = SpaceOf(kPrefix + 1000);
  Build too_large(TableWith(1000), 64, kPayloadAlignment);
  EXPECT_FALSE(too_large.Write(small, &written));
  EXPECT_TRUE(small.too_large());
}

TEST_F(PayloadTest, WhatABuilderThrowsComesOutAndTheMemoryComesBack) {
  {
    FrameSpace space = SpaceOf(1 << 20);
    Build throws([](flatbuffers::FlatBufferBuilder& fbb) {
      fbb.CreateString(std::string(10'000, 'x'));
      throw std::runtime_error("no");
    });
    std::span<std::byte> written;
    EXPECT_THROW(throws.Write(space, &written), std::runtime_error);
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0u);
}

TEST_F(PayloadTest, WhatIsBuiltLiesAsItsStructsWantIt) {
  for (const uint32_t alignment : {8u, 16u, 32u}) {  // FlatBuffers knows no larger one
    for (size_t bytes = 0; bytes < 200; bytes += 7) {
      FrameSpace space = SpaceOf(1 << 20);
      Build build(
          [&](flatbuffers::FlatBufferBuilder& fbb) {
            const std::vector<uint8_t> data(bytes, 7);
            fbb.ForceVectorAlignment(bytes, 1, alignment);
            fbb.CreateVector(data);
            fbb.Finish(wire::CreateFailure(fbb, 1, 2, fbb.CreateString("x")));
          },
          8, alignment);
      std::span<std::byte> written;
      ASSERT_TRUE(build.Write(space, &written));
      // FlatBuffers counts from the end: that is where a multiple of the alignment must be.
      EXPECT_EQ((reinterpret_cast<uintptr_t>(written.data()) + written.size()) % alignment, 0u)
          << alignment << " " << bytes;
    }
  }
}

}  // namespace
}  // namespace jackfield
