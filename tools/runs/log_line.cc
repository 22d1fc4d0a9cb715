#include "tools/runs/log_line.h"

#include <cstdio>
#include <ctime>

#include "kernel/base/text.h"

namespace jackfield {

int64_t WallNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string TimeText(int64_t time_ns) {
  const time_t seconds = time_ns / 1'000'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64], milliseconds[8];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(milliseconds, sizeof milliseconds, ".%03d",
                static_cast<int>(time_ns / 1'000'000 % 1000));
  return Text(text, milliseconds, "Z");
}

}  // namespace jackfield
