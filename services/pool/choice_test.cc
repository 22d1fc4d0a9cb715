#include "services/pool/choice.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace jackfield {
namespace {

// How often each is chosen in `draws`.
std::vector<int> Chosen(const std::vector<Candidate>& candidates, size_t avoided = kNobody,
                        int draws = 10'000) {
  std::vector<int> chosen(candidates.size());
  std::mt19937_64 draw(1);
  for (int i = 0; i < draws; ++i) ++chosen[ChooseOne(candidates, draw(), avoided)];
  return chosen;
}

TEST(ChooseOne, OfTwoTheOneWithFewerCallsUnderWay) {
  EXPECT_EQ(Chosen({{Fitness::kReady, 5}, {Fitness::kReady, 4}}), (std::vector<int>{0, 10'000}));
  EXPECT_EQ(Chosen({{Fitness::kReady, 4}, {Fitness::kReady, 5}}), (std::vector<int>{10'000, 0}));
}

TEST(ChooseOne, EqualsAreDrawnEvenly) {
  for (const int times : Chosen(std::vector<Candidate>(5, {Fitness::kReady, 3})))
    EXPECT_NEAR(times, 2000, 200);
}

TEST(ChooseOne, TwoAreDrawnSoThatTheBusiestIsNeverChosenAndTheIdlestNotAlways) {
  const std::vector<int> chosen =
      Chosen({{Fitness::kReady, 1}, {Fitness::kReady, 2}, {Fitness::kReady, 3}});
  EXPECT_NEAR(chosen[0], 6667, 300) << "in two of three pairs";
  EXPECT_NEAR(chosen[1], 3333, 300);
  EXPECT_EQ(chosen[2], 0);
}

TEST(ChooseOne, PassesOverThoseThatAreNotOpenOrFull) {
  EXPECT_EQ(Chosen({{Fitness::kFull, 0},
                    {Fitness::kReady, 9},
                    {Fitness::kConnecting, 0},
                    {Fitness::kEnded, 0}}),
            (std::vector<int>{0, 10'000, 0, 0}));
}

TEST(ChooseOne, WhereNoneIsReadyRoomIsWaitedForBeforeAConnection) {
  EXPECT_EQ(Chosen({{Fitness::kConnecting, 0}, {Fitness::kFull, 256}, {Fitness::kEnded, 0}}),
            (std::vector<int>{0, 10'000, 0}));
  EXPECT_EQ(Chosen({{Fitness::kEnded, 0}, {Fitness::kConnecting, 7}}),
            (std::vector<int>{0, 10'000}));
  EXPECT_EQ(Chosen({{Fitness::kEnded, 0}}), (std::vector<int>{10'000})) << "somebody must say so";
}

TEST(ChooseOne, TheAvoidedOneOnlyIfNobodyIsAsFit) {
  EXPECT_EQ(Chosen({{Fitness::kReady, 0}, {Fitness::kReady, 9}}, 0), (std::vector<int>{0, 10'000}));
  EXPECT_EQ(Chosen({{Fitness::kReady, 0}, {Fitness::kConnecting, 0}}, 0),
            (std::vector<int>{10'000, 0}));
  EXPECT_EQ(Chosen({{Fitness::kReady, 0}}, 0), (std::vector<int>{10'000}));
}

TEST(ChooseOne, EveryRandomNumberChoosesSomebody) {
  const std::vector<Candidate> candidates(3);
  for (const uint64_t random :
       {uint64_t{0}, UINT64_MAX, uint64_t{UINT32_MAX}, ~uint64_t{UINT32_MAX}})
    EXPECT_LT(ChooseOne(candidates, random), 3u) << random;
}

std::vector<uint64_t> Names(size_t count) {
  std::vector<uint64_t> names;
  for (size_t i = 1; i <= count; ++i) names.push_back(HashOf("packer." + std::to_string(i)));
  return names;
}

constexpr uint64_t kKeys = 10'000;

TEST(ChooseByKey, SpreadsKeysEvenly) {
  const std::vector<uint64_t> names = Names(4);
  std::vector<int> keys(4);
  for (uint64_t key = 0; key < kKeys; ++key) ++keys[ChooseByKey(names, HashOf(key))];
  for (const int count : keys) EXPECT_NEAR(count, 2500, 200);
}

TEST(ChooseByKey, AKeyStaysWithItsServerWhenAnotherGoes) {
  const std::vector<uint64_t> four = Names(4);
  std::vector<uint64_t> three = four;
  three.erase(three.begin() + 1);
  std::vector<int> moved_to(3);
  for (uint64_t key = 0; key < kKeys; ++key) {
    const size_t before = ChooseByKey(four, HashOf(key)), after = ChooseByKey(three, HashOf(key));
    if (before == 1)
      ++moved_to[after];
    else
      EXPECT_EQ(three[after], four[before]) << key;
  }
  for (const int count : moved_to) EXPECT_GT(count, 500) << "they are spread over those that stay";
}

TEST(ChooseByKey, OneThatComesTakesItsPartAndNoOtherKeyMoves) {
  const std::vector<uint64_t> four = Names(4), five = Names(5);
  int moved = 0;
  for (uint64_t key = 0; key < kKeys; ++key) {
    const size_t before = ChooseByKey(four, HashOf(key)), after = ChooseByKey(five, HashOf(key));
    if (after == before) continue;
    EXPECT_EQ(after, 4u) << key;
    ++moved;
  }
  EXPECT_NEAR(moved, 2000, 200);
}

TEST(ChooseByKey, TheOrderOfTheServersDoesNotMatter) {
  const std::vector<uint64_t> names = Names(4);
  const std::vector<uint64_t> turned(names.rbegin(), names.rend());
  for (uint64_t key = 0; key < 1000; ++key)
    EXPECT_EQ(turned[ChooseByKey(turned, HashOf(key))], names[ChooseByKey(names, HashOf(key))]);
}

// Clients of two builds, or machines, must agree.
TEST(HashOf, IsTheSameEverywhere) {
  EXPECT_EQ(HashOf(""), 0xf52a15e9a9b5e89bu);
  EXPECT_EQ(HashOf("packer.1"), 13243251171406119345u);
  EXPECT_EQ(HashOf(uint64_t{7}), 7191089600892374487u);
}

}  // namespace
}  // namespace jackfield
