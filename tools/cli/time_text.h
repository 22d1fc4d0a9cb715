// A moment, for people and for programs: RFC 3339, UTC.
#ifndef JACKFIELD_TOOLS_CLI_TIME_TEXT_H_
#define JACKFIELD_TOOLS_CLI_TIME_TEXT_H_

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

namespace jackfield {

// "2026-11-30T12:00:01.123Z"; digits: of the second's fraction, 1 to 9. Since 1970.
inline std::string TimeText(int64_t time_ns, int digits = 3) {
  const time_t seconds = time_ns / 1'000'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64], fraction[16];
  const size_t bytes = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(fraction, sizeof fraction, ".%09d", static_cast<int>(time_ns % 1'000'000'000));
  return std::string(text, bytes).append(fraction, static_cast<size_t>(digits) + 1).append("Z");
}

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_TIME_TEXT_H_
