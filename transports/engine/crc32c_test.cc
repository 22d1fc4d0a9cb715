// The published test vectors, and that the instruction and the tables agree on everything else.
#include "transports/engine/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string_view>
#include <vector>

#include "transports/engine/seeded.h"

namespace jackfield {
namespace {

std::vector<std::byte> Bytes(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  for (size_t i = 0; i < text.size(); ++i) bytes[i] = static_cast<std::byte>(text[i]);
  return bytes;
}

TEST(Crc32c, GivesTheValuesOfRfc3720) {
  EXPECT_EQ(Crc32c(std::vector<std::byte>(32, std::byte{0})), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::vector<std::byte>(32, std::byte{0xff})), 0x62a8ab43u);
  std::vector<std::byte> rising(32);
  for (size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<std::byte>(i);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(Crc32c({}), 0u);
}

TEST(Crc32c, IsTheSameByInstructionAndByTableAtEveryLength) {
  Random random(7);
  std::vector<std::byte> bytes(300);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Next());
  for (size_t length = 0; length <= bytes.size(); ++length) {
    const std::span<const std::byte> part(bytes.data(), length);
    EXPECT_EQ(Crc32c(part), Crc32cByTable(part)) << length;
  }
}

TEST(Crc32c, GoesOnFromWhereItStopped) {
  const std::vector<std::byte> all = Bytes("one part and another part");
  const std::span<const std::byte> span(all);
  for (size_t cut = 0; cut <= all.size(); ++cut)
    EXPECT_EQ(Crc32c(span.subspan(cut), Crc32c(span.first(cut))), Crc32c(all));
}

TEST(Crc32c, NoticesEverySingleBit) {
  std::vector<std::byte> bytes = Bytes("a packet of some length");
  const uint32_t right = Crc32c(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    EXPECT_NE(Crc32c(bytes), right) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  }
}

}  // namespace
}  // namespace jackfield
