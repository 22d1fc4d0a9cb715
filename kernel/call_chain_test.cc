#include "kernel/call_chain.h"

#include <array>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/frame.h"

namespace jackfield {
namespace {

using Buffer = std::array<std::byte, kChainBytesMax + 16>;

TEST(CallChain, GrowsLinkByLinkAndIsSearched) {
  std::vector<std::byte> chain;
  for (uint64_t epoch = 1; epoch <= 5; ++epoch) {
    Buffer buffer;
    const size_t bytes = WriteChain(chain, epoch, "service", buffer);
    ASSERT_GT(bytes, 0u);
    EXPECT_EQ(bytes % 8, 0u);
    const std::span<const std::byte> extension(buffer.data(), bytes);
    ASSERT_TRUE(ExtensionIsSound(extension));
    const std::span<const std::byte> found = ChainIn(extension);
    chain.assign(found.begin(), found.end());
    EXPECT_EQ(FindInChain(chain, epoch).links, epoch);
    EXPECT_TRUE(FindInChain(chain, 1).found);
    EXPECT_FALSE(FindInChain(chain, 99).found);
  }
  EXPECT_EQ(DescribeChain(chain), "service → service → service → service → service");
}

TEST(CallChain, RefusesALinkTooMany) {
  for (const size_t name_bytes : {size_t{0}, size_t{1}, size_t{100}}) {
    std::vector<std::byte> chain;
    const std::string name(name_bytes, 'n');
    size_t links = 0;
    for (;; ++links) {
      Buffer buffer;
      const size_t bytes = WriteChain(chain, links + 1, name, buffer);
      if (bytes == 0) break;
      const std::span<const std::byte> extension(buffer.data(), bytes);
      ASSERT_TRUE(ExtensionIsSound(extension));
      const std::span<const std::byte> found = ChainIn(extension);
      chain.assign(found.begin(), found.end());
    }
    EXPECT_EQ(links, kChainLinksMax) << name_bytes;
    // Nor is one taken from a peer.
    Buffer buffer{};
    buffer[0] = std::byte{kTagChain};
    buffer[2] = std::byte{(kChainLinksMax + 1) * 9 & 0xff};
    EXPECT_FALSE(ExtensionIsSound(std::span(buffer).first(Align8(4 + (kChainLinksMax + 1) * 9))));
  }
}

TEST(CallChain, EveryTruncationIsRefusedOrRead) {
  Buffer buffer;
  const size_t bytes = WriteChain({}, 7, "abc", buffer);
  for (size_t length = 0; length < bytes; ++length) {
    const std::vector<std::byte> copy(buffer.begin(),
                                      buffer.begin() + static_cast<std::ptrdiff_t>(length));
    if (ExtensionIsSound(copy)) FindInChain(ChainIn(copy), 7);
  }
}

TEST(CallChain, AnUnknownTagIsSkippedUnlessItIsCritical) {
  std::array<std::byte, 8> value{};
  value[0] = std::byte{9};
  EXPECT_TRUE(ExtensionIsSound(value));
  value[1] = std::byte{0x80};
  EXPECT_FALSE(ExtensionIsSound(value));
  value = {};
  value[2] = std::byte{200};
  EXPECT_FALSE(ExtensionIsSound(value)) << "longer than the extension";
}

}  // namespace
}  // namespace jackfield
