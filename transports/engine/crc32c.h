// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of whatever crosses a medium that may
// turn bits over. It finds every error of up to 3 bits in a packet and every burst of up to 32; it
// is no protection against somebody who wants to deceive.
//
// By the instruction of SSE 4.2 where there is one, else by tables, eight bytes at a time; the same
// result.
//
// Thread: any.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_
#define JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace jackfield {

// Of `bytes`, continued from `crc`: Crc32c(b, Crc32c(a)) is that of a and b side by side.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);

// The same without the processor's instruction: for machines that lack it, and for the test that
// compares the two.
uint32_t Crc32cByTable(std::span<const std::byte> bytes, uint32_t crc = 0);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_CRC32C_H_
