#include "tests/kill/traces.h"

#include <filesystem>
#include <fstream>

#include "kernel/text.h"

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
