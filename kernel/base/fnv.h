// FNV-1a of 64 bits (draft-eastlake-fnv, 64-bit parameters): a short name for a text, the same on
// every machine and in every version. Quick for what is short; no protection against a text that
// was made to collide.
#ifndef JACKFIELD_KERNEL_BASE_FNV_H_
#define JACKFIELD_KERNEL_BASE_FNV_H_

#include <cstdint>
#include <string_view>

namespace jackfield {

constexpr uint64_t Fnv1a64(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_FNV_H_
