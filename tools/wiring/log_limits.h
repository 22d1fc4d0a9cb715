// How much of what services write is kept: the key `logs` of a wiring.
#ifndef JACKFIELD_TOOLS_WIRING_LOG_LIMITS_H_
#define JACKFIELD_TOOLS_WIRING_LOG_LIMITS_H_

#include <cstdint>

namespace jackfield {

// logs = { size = "8MiB", files = 4 }, of each service.
struct LogLimits {
  uint64_t file_bytes = 8 << 20;  // then the next one begins
  uint32_t files = 4;             // then the oldest goes
  bool operator==(const LogLimits&) const = default;
};

inline constexpr uint64_t kLogFileBytesLeast = 64 << 10, kLogFileBytesMost = 1 << 30;
inline constexpr uint32_t kLogFilesMost = 100;

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_LOG_LIMITS_H_
