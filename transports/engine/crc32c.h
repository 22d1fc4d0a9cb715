// CRC32C (Castagnoli, RFC 3720 appendix B.4), by the processor's instruction where it has one.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_
#define JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace jackfield {

// The checksum of `bytes`, or, with the result of an earlier call, of what that had and `bytes`.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t before = 0);

// The same without the instruction, for processors that lack it and for the test that compares.
uint32_t Crc32cPortable(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_
