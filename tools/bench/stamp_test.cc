#include "tools/bench/stamp.h"

#include "gtest/gtest.h"

namespace jackfield::bench {
namespace {

TEST(StampTest, AcceptsWhatItMade) {
  for (const size_t size :
       {1u, 7u, 8u, 9u, 64u, 1024u, 1025u, 4096u, 4099u, 4104u, 65536u, 1u << 20}) {
    const Stamp stamp(size);
    std::vector<std::byte> payload = stamp.MakePayload();
    for (uint64_t sequence = 0; sequence < 300; ++sequence) {
      stamp.Put(sequence, payload);
      EXPECT_TRUE(stamp.Check(sequence, payload)) << size << " " << sequence;
      EXPECT_EQ(Stamp::SequenceOf(payload), size == 1 ? sequence & 0xff : sequence);
    }
  }
}

TEST(StampTest, RefusesAnotherSequenceAndAnotherSize) {
  const Stamp stamp(64);
  std::vector<std::byte> payload = stamp.MakePayload();
  stamp.Put(7, payload);
  EXPECT_FALSE(stamp.Check(8, payload));
  EXPECT_FALSE(stamp.Check(7, std::span(payload).first(63)));
  EXPECT_FALSE(stamp.Check(7, {}));
}

// Each byte of a small payload in turn is turned over: every such message is refused.
TEST(StampTest, OneWrongByteOfASmallPayloadIsAlwaysNoticed) {
  const Stamp stamp(1024);
  std::vector<std::byte> payload = stamp.MakePayload();
  stamp.Put(99, payload);
  for (std::byte& byte : payload) {
    byte ^= std::byte{0x10};
    EXPECT_FALSE(stamp.Check(99, payload));
    byte ^= std::byte{0x10};
  }
  EXPECT_TRUE(stamp.Check(99, payload));
}

// A byte that a medium always gets wrong is found at the latest after size/256 messages, wherever
// it is.
TEST(StampTest, AByteThatIsAlwaysWrongInALargePayloadIsNoticedInOneSweep) {
  const Stamp stamp(40'000);
  for (size_t wrong = 0; wrong < 40'000; wrong += 997) {
    std::vector<std::byte> payload = stamp.MakePayload();
    bool noticed = false;
    for (uint64_t sequence = 1; sequence <= 40'000 / Stamp::kWindowBytes + 1; ++sequence) {
      stamp.Put(sequence, payload);
      payload[wrong] ^= std::byte{1};
      noticed |= !stamp.Check(sequence, payload);
      payload[wrong] ^= std::byte{1};
    }
    EXPECT_TRUE(noticed) << wrong;
  }
}

TEST(StampTest, ABlockOfTheMessageBeforeIsNoticedAtOnce) {
  const Stamp stamp(40'000);
  std::vector<std::byte> older = stamp.MakePayload(), newer = stamp.MakePayload();
  stamp.Put(10, older);
  stamp.Put(11, newer);
  std::copy(older.begin() + 8192, older.begin() + 12288, newer.begin() + 8192);
  EXPECT_FALSE(stamp.Check(11, newer));
}

TEST(StampTest, SequencesKeepTheirConnectionApart) {
  EXPECT_EQ(ConnectionOf(MakeSequence(513, 77)), 513u);
  EXPECT_NE(MakeSequence(1, 77), MakeSequence(2, 77));
}

}  // namespace
}  // namespace jackfield::bench
