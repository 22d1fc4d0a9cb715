// Durations and sizes as people write them: "250us", "2s", "4KiB", "1M".
//
// A bare number is an error for both, since nobody could tell its unit, except "0".
#ifndef JACKFIELD_KERNEL_BASE_UNITS_H_
#define JACKFIELD_KERNEL_BASE_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace jackfield {

// ns, us, ms, s, m, h; a decimal fraction is allowed ("1.5ms"). Errors: INVALID_ARGUMENT.
absl::StatusOr<int64_t> ParseDurationNs(std::string_view text);

// B, K|KiB, M|MiB, G|GiB (powers of 1024), KB, MB, GB (powers of 1000). Errors: INVALID_ARGUMENT.
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);

// "1%" or "0.01" → 0.01, within 0..1. Errors: INVALID_ARGUMENT.
absl::StatusOr<double> ParseShare(std::string_view text);

std::string FormatDurationNs(int64_t ns);  // "12.3us", three digits
std::string FormatBytes(uint64_t bytes);   // "64 B", "1.0 MiB"

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_UNITS_H_
