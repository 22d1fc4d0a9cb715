#include "tools/runs/log_line.h"

#include <charconv>
#include <ctime>

#include "kernel/base/text.h"
#include "tools/cli/time_text.h"

namespace jackfield {
namespace {

constexpr std::string_view kSupervisor = "@jackfield", kEnding = ".log";
constexpr size_t kTimeBytes = std::string_view("2026-11-30T19:20:31.481207113Z").size();

std::optional<int64_t> TimeOf(std::string_view text) {
  if (text.size() != kTimeBytes || text.back() != 'Z') return std::nullopt;
  tm parts{};
  const std::string copy(text);
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S.", &parts);
  if (rest == nullptr || rest != copy.c_str() + 20) return std::nullopt;
  int64_t fraction = 0;
  const auto [stopped, error] = std::from_chars(rest, rest + 9, fraction);
  if (error != std::errc() || stopped != rest + 9) return std::nullopt;
  return int64_t{timegm(&parts)} * 1'000'000'000 + fraction;
}

}  // namespace

int64_t WallNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::string LogLineText(int64_t time_ns, std::string_view text) {
  return Text(TimeText(time_ns, 9), " ", text, "\n");
}

LogLine ReadLogLine(std::string_view line, std::string_view service, int64_t last_ns) {
  LogLine read{.time_ns = last_ns, .service = std::string(service), .text = std::string(line)};
  if (line.size() <= kTimeBytes || line[kTimeBytes] != ' ') return read;
  const std::optional<int64_t> time_ns = TimeOf(line.substr(0, kTimeBytes));
  if (!time_ns) return read;
  read.time_ns = *time_ns;
  read.text = line.substr(kTimeBytes + 1);
  return read;
}

std::string LogName(std::string_view service) {
  return std::string(service.empty() ? kSupervisor : service);
}

std::string LogFileName(std::string_view log_name, uint64_t number) {
  return Text(log_name, ".", number, kEnding);
}

std::optional<LogFile> LogFileOf(std::string_view file_name) {
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  file_name.remove_suffix(kEnding.size());
  const size_t dot = file_name.rfind('.');
  if (dot == file_name.npos || dot == 0) return std::nullopt;
  LogFile file;
  const std::string_view number = file_name.substr(dot + 1);
  const auto [stopped, error] =
      std::from_chars(number.data(), number.data() + number.size(), file.number);
  if (error != std::errc() || stopped != number.data() + number.size() || file.number == 0)
    return std::nullopt;
  file.service = file_name.substr(0, dot);
  if (file.service == kSupervisor) file.service.clear();
  return file;
}

}  // namespace jackfield
