// A hostile peer changes everything that it can while the other end works. hostile_test
// [--mutations=N]: half of them against each end.
#include "tests/ring/hostile.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "gtest/gtest.h"

namespace jackfield::ring_model {
namespace {

uint64_t mutations = 4'000'000;

void Print(const char* what, const HostileReport& report) {
  std::printf("%s: %llu mutations, %llu lanes, %llu records (%llu whole, %llu changed)\n", what,
              static_cast<unsigned long long>(report.mutations),
              static_cast<unsigned long long>(report.lanes),
              static_cast<unsigned long long>(report.records),
              static_cast<unsigned long long>(report.untouched),
              static_cast<unsigned long long>(report.changed));
}

TEST(HostilePeer, NeitherMisleadsAReaderNorHoldsIt) {
  const HostileReport report = AttackReader(mutations / 2, 7);
  Print("reader", report);
  EXPECT_EQ(report.fault, "");
  EXPECT_GT(report.lanes, 10u);
  EXPECT_GT(report.untouched, 10u) << "the reader must get far enough to be misled";
}

TEST(HostilePeer, NeitherMisleadsAWriterNorHoldsIt) {
  const HostileReport report = AttackWriter(mutations / 2, 7);
  Print("writer", report);
  EXPECT_EQ(report.fault, "");
  EXPECT_GT(report.lanes, 10u);
  EXPECT_GT(report.records, 100u);
}

}  // namespace
}  // namespace jackfield::ring_model

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kFlag = "--mutations=";
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).substr(0, kFlag.size()) != kFlag) return 2;
    jackfield::ring_model::mutations = std::strtoull(argv[i] + kFlag.size(), nullptr, 10);
  }
  return RUN_ALL_TESTS();
}
