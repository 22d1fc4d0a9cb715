// Any bytes are an extension that can be read and made longer, or are refused.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "kernel/call_chain.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace jackfield;
  const std::span<const std::byte> extension = std::as_bytes(std::span(data, size));
  if (!ExtensionIsSound(extension)) return 0;
  const std::span<const std::byte> chain = ChainIn(extension);
  const ChainSearch before = FindInChain(chain, 7);
  DescribeChain(chain);
  std::array<std::byte, kChainBytesMax + 16> to;
  const size_t bytes = WriteChain(chain, 7, "fuzz", to);
  if (bytes == 0) return 0;
  const std::span<const std::byte> longer(to.data(), bytes);
  if (!ExtensionIsSound(longer)) std::abort();
  const ChainSearch after = FindInChain(ChainIn(longer), 7);
  if (!after.found || after.links != before.links + 1) std::abort();
  return 0;
}
