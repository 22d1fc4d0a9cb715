#include "tests/kill/traces.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "kernel/base/text.h"

namespace jackfield::kill_test {

Holdings HoldingsOf(pid_t pid) {
  Holdings holdings;
  std::error_code error;
  for ([[maybe_unused]] const auto& fd :
       std::filesystem::directory_iterator(Text("/proc/", pid, "/fd"), error)) {
    ++holdings.fds;
  }
  std::ifstream maps(Text("/proc/", pid, "/maps"));
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:") != std::string::npos) ++holdings.memfd_mappings;
  }
  return holdings;
}

bool MapsMemfd(pid_t pid) {
  char text[64 << 10];
  std::snprintf(text, sizeof text, "/proc/%d/maps", pid);
  const int fd = open(text, O_RDONLY | O_CLOEXEC);
  size_t bytes = 0;
  for (ssize_t got = 1; fd >= 0 && got > 0; bytes += static_cast<size_t>(got))
    got = std::max<ssize_t>(0, read(fd, text + bytes, sizeof text - bytes));
  if (fd >= 0) close(fd);
  // More than it can hold: then perhaps.
  return bytes == sizeof text ||
         std::string_view(text, bytes).find("memfd:") != std::string_view::npos;
}

int SocketsNamed(const std::string& part) {
  int sockets = 0;
  std::ifstream lines("/proc/net/unix");
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) ++sockets;
  }
  return sockets;
}

int FilesOfSharedMemory(const std::string& part) {
  int files = 0;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator("/dev/shm", error)) {
    const std::string name = file.path().filename();
    if (name.find(part) != std::string::npos) ++files;
  }
  return files;
}

}  // namespace jackfield::kill_test
