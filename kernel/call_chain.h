// What a frame carries beyond its header, when it has more to say: tagged values. And the chain of
// services that wait for this call, so that a call that would wait for itself is refused. Another
// value is in trace.h.
//
// Extension: values one after another, each at a multiple of 8: u16 tag, u16 bytes, value, zeros. A
// tag with bit 15 set that is not understood makes the frame corrupt; others are skipped.
#ifndef JACKFIELD_KERNEL_CALL_CHAIN_H_
#define JACKFIELD_KERNEL_CALL_CHAIN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace jackfield {

inline constexpr uint16_t kTagChain = 1;  // links: u64 service number, u8 name length, name
inline constexpr uint16_t kTagCritical = 0x8000;
inline constexpr size_t kChainLinksMax = 16;  // a longer chain is refused as a deadlock
inline constexpr size_t kChainNameBytesMax = 32;
inline constexpr size_t kChainBytesMax = kChainLinksMax * (8 + 1 + kChainNameBytesMax);

// The value of that tag in `extension`, the last if there are many; empty if it has none.
// Requires: ExtensionIsSound.
std::span<const std::byte> ValueIn(std::span<const std::byte> extension, uint16_t tag);

// Is `extension` well-formed, with no critical tag that is unknown here?
bool ExtensionIsSound(std::span<const std::byte> extension);

// The chain's links in `extension`; empty if it has none. Requires: ExtensionIsSound.
std::span<const std::byte> ChainIn(std::span<const std::byte> extension);

struct ChainSearch {
  size_t links = 0;
  bool found = false;  // the service is among them
};
ChainSearch FindInChain(std::span<const std::byte> chain, uint64_t service_number);

// "gate → orders → kv": for the message of a refused call.
std::string DescribeChain(std::span<const std::byte> chain);

// Writes an extension with `chain` and one more link into `to`. Returns its size, a multiple of 8;
// 0 if it is full.
size_t WriteChain(std::span<const std::byte> chain, uint64_t service_number, std::string_view name,
                  std::span<std::byte> to);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_CHAIN_H_
