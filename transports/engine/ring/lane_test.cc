// What each end of a lane does about each word of its peer's that cannot be true.
#include "transports/engine/ring/lane.h"

#include <cstring>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

constexpr uint64_t kCapacity = 1024;

class LaneTest : public testing::Test {
 protected:
  using Next = LaneReader<>::Next;

  // A frame of `bytes`, published.
  void Put(uint32_t bytes) {
    ASSERT_GE(writer_.Room(bytes), bytes);
    PutStart(writer_.at(), 0x4a, bytes);
    writer_.Append(writer_.at(), bytes);
    writer_.Publish();
  }
  static void PutStart(std::byte* at, uint32_t first, uint32_t bytes) {
    const uint32_t start[2] = {first, bytes};
    std::memcpy(at, start, sizeof start);
  }
  Next Take() { return reader_.Take(&frame_, &frame_bytes_); }
  // What lies at the beginning of a ring that shows `tail` bytes.
  Next TakeOf(uint32_t first, uint32_t bytes, uint64_t tail) {
    PutStart(data_, first, bytes);
    writer_words_.tail = tail;
    return Take();
  }

  alignas(8) std::byte data_[kCapacity] = {};
  LaneWriterWords<> writer_words_;
  LaneReaderWords<> reader_words_;
  LaneWriter<> writer_{writer_words_, reader_words_, data_, kCapacity};
  LaneReader<> reader_{reader_words_, writer_words_, data_, kCapacity, kCapacity / 2};
  std::byte* frame_ = nullptr;
  uint32_t frame_bytes_ = 0;
};

TEST_F(LaneTest, BringsFramesThenItsEnd) {
  Put(48);
  Put(72);
  ASSERT_EQ(Take(), Next::kFrame);
  EXPECT_EQ(frame_bytes_, 48u);
  writer_.Close();
  ASSERT_EQ(Take(), Next::kFrame);
  EXPECT_EQ(frame_bytes_, 72u);
  EXPECT_EQ(Take(), Next::kEnd);
}

TEST_F(LaneTest, WhatADeadWriterPublishedStillComes) {
  Put(48);
  reader_.WriterGone();
  EXPECT_EQ(Take(), Next::kFrame);
  EXPECT_EQ(Take(), Next::kEnd);
}

TEST_F(LaneTest, ATailPastTheCapacityIsCorrupt) {
  EXPECT_EQ(TakeOf(0x4a, 48, kCapacity + 8), Next::kCorrupt);
  EXPECT_EQ(Take(), Next::kCorrupt) << "for good";
}
TEST_F(LaneTest, ATail2To32AheadIsCorrupt) {
  EXPECT_EQ(TakeOf(0x4a, 48, (uint64_t{1} << 32) + 48), Next::kCorrupt);
}
TEST_F(LaneTest, ATailThatGoesBackIsCorrupt) {
  Put(48);
  Put(48);
  ASSERT_EQ(Take(), Next::kFrame);
  ASSERT_EQ(Take(), Next::kFrame);
  writer_words_.tail = 48;
  EXPECT_EQ(Take(), Next::kCorrupt);
}
TEST_F(LaneTest, ATailThatIsNoMultipleOf8IsCorrupt) {
  EXPECT_EQ(TakeOf(0x4a, 48, 52), Next::kCorrupt);
}

TEST_F(LaneTest, ALengthBelowAHeaderIsCorrupt) { EXPECT_EQ(TakeOf(0x4a, 47, 48), Next::kCorrupt); }
TEST_F(LaneTest, ALengthAboveTheLargestFrameIsCorrupt) {
  EXPECT_EQ(TakeOf(0x4a, kCapacity / 2 + 1, kCapacity), Next::kCorrupt);
}
TEST_F(LaneTest, ALengthPastTheTailIsCorrupt) { EXPECT_EQ(TakeOf(0x4a, 56, 48), Next::kCorrupt); }
TEST_F(LaneTest, ALengthWhoseFillingOverflowsIsCorrupt) {
  EXPECT_EQ(TakeOf(0x4a, 0xffffffff, kCapacity), Next::kCorrupt);
}
TEST_F(LaneTest, ALengthPastTheEndOfTheDataIsCorrupt) {
  for (int i = 0; i < 2; ++i) Put(480);
  ASSERT_EQ(Take(), Next::kFrame);
  ASSERT_EQ(Take(), Next::kFrame);
  reader_.Release();
  PutStart(data_ + 960, 0x4a, 72);
  writer_words_.tail = 960 + 72;
  EXPECT_EQ(Take(), Next::kCorrupt);
}

TEST_F(LaneTest, AGapOfNothingIsCorrupt) { EXPECT_EQ(TakeOf(0, 0, 48), Next::kCorrupt); }
TEST_F(LaneTest, AGapThatIsNoMultipleOf8IsCorrupt) { EXPECT_EQ(TakeOf(0, 12, 48), Next::kCorrupt); }
TEST_F(LaneTest, AGapPastTheTailIsCorrupt) {
  PutStart(data_ + 56, 0x4a, 48);
  EXPECT_EQ(TakeOf(0, 56, 48), Next::kCorrupt);
}
TEST_F(LaneTest, TwoGapsSideBySideAreARingsThreeAreNot) {
  for (int i = 0; i < 3; ++i) PutStart(data_ + 8 * i, 0, 8);
  PutStart(data_ + 24, 0x4a, 48);
  writer_words_.tail = 16;
  EXPECT_EQ(Take(), Next::kEmpty);
  writer_words_.tail = 72;
  EXPECT_EQ(Take(), Next::kCorrupt);
}

class Head : public LaneTest, public testing::WithParamInterface<uint64_t> {};

// 96 bytes are published, 48 of them were seen to be given back.
TEST_P(Head, ThatNoReaderCanHaveIsCorrupt) {
  for (int i = 0; i < 2; ++i) Put(48);
  reader_words_.head = 48;
  ASSERT_GE(writer_.Room(kCapacity / 2), kCapacity / 2);
  while (writer_.Room(48) >= 48) Put(48);
  ASSERT_FALSE(writer_.corrupt());
  reader_words_.head = GetParam();
  EXPECT_EQ(writer_.Room(kCapacity / 2), 0u);
  EXPECT_TRUE(writer_.corrupt());
  reader_words_.head = 48;
  EXPECT_EQ(writer_.Room(48), 0u) << "for good";
}
INSTANTIATE_TEST_SUITE_P(Each, Head,
                         testing::Values(uint64_t{0}, uint64_t{40}, uint64_t{52}, kCapacity + 56,
                                         (uint64_t{1} << 32) + 48, ~uint64_t{7}));

TEST_F(LaneTest, AnEndSleepsOnlyWithNothingToDo) {
  EXPECT_TRUE(reader_.MaySleep());
  reader_.Awake();
  Put(48);
  EXPECT_FALSE(reader_.MaySleep());
  ASSERT_EQ(Take(), Next::kFrame);
  EXPECT_TRUE(reader_.MaySleep());
  reader_.Awake();
  writer_.Close();
  EXPECT_FALSE(reader_.MaySleep());
}

TEST_F(LaneTest, AReaderIsRungOnceForEachSleep) {
  const auto publish = [&] {
    writer_.Room(48);
    PutStart(writer_.at(), 0x4a, 48);
    writer_.Append(writer_.at(), 48);
    return writer_.Publish();
  };
  EXPECT_FALSE(publish()) << "it does not sleep";
  ASSERT_EQ(Take(), Next::kFrame);
  ASSERT_TRUE(reader_.MaySleep());
  EXPECT_TRUE(publish());
  EXPECT_FALSE(publish());
  reader_.Awake();
  ASSERT_EQ(Take(), Next::kFrame);
  ASSERT_EQ(Take(), Next::kFrame);
  ASSERT_TRUE(reader_.MaySleep());
  EXPECT_TRUE(publish());
}

TEST_F(LaneTest, AWriterWaitsUntilThereIsRoom) {
  while (writer_.Room(48) >= 48) Put(48);
  EXPECT_TRUE(writer_.MayWait(48));
  ASSERT_EQ(Take(), Next::kFrame);
  EXPECT_TRUE(reader_.Release()) << "it must be rung";
  writer_.Awake();
  EXPECT_FALSE(writer_.MayWait(48));
}

}  // namespace
}  // namespace jackfield
