// SipHash-2-4: a short keyed hash, which nobody can find without the key. After the reference of
// its authors, Jean-Philippe Aumasson and Daniel J. Bernstein ("SipHash: a fast short-input PRF",
// 2012), whose vectors are in the test.
//
// Thread: any; a plain function.
#ifndef JACKFIELD_SERVICES_ALLOW_SIPHASH_H_
#define JACKFIELD_SERVICES_ALLOW_SIPHASH_H_

#include <array>
#include <cstdint>
#include <string_view>

namespace jackfield::allow {

using Key = std::array<uint64_t, 2>;  // 128 bits: the words of its bytes, little-endian

uint64_t SipHash(const Key& key, std::string_view bytes);

}  // namespace jackfield::allow

#endif  // JACKFIELD_SERVICES_ALLOW_SIPHASH_H_
