#include "kernel/loop/memory_limit.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "kernel/base/owned_fd.h"

namespace jackfield {
namespace {

constexpr uint64_t kBytesMin = 1 << 20;  // with less no node could say what it lacks

std::string ReadFile(const std::string& path) {
  char text[16 << 10];  // not a string of this size, which would be filled with zeros first
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const ssize_t bytes = file.ok() ? read(file.get(), text, sizeof text) : 0;
  return std::string(text, static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
}

// UINT64_MAX for "max", and for what is no number. Version 1 writes a very large number instead.
uint64_t ReadNumber(const std::string& path) {
  const std::string text = ReadFile(path);
  uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() ? number : UINT64_MAX;
}

// Of the group and all above it. Those that cannot be seen from here (a container's) are left out.
template <size_t N>
uint64_t LeastOf(const std::string& root, std::string_view group, const char* const (&files)[N]) {
  uint64_t least = UINT64_MAX;
  for (;;) {
    while (!group.empty() && group.back() == '/') group.remove_suffix(1);
    for (const char* file : files)
      least = std::min(least, ReadNumber(root + std::string(group) + "/" + file));
    if (group.empty()) return least;
    group = group.substr(0, group.rfind('/') + 1);
  }
}

// "0::/a/b" names the group of version 2, "5:cpu,memory:/a/b" that of a controller of version 1.
uint64_t LeastOfGroups(const MemoryLimitPlaces& places) {
  uint64_t least = UINT64_MAX;
  const std::string text = ReadFile(places.own_groups);
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers =
        "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string_view group = line.substr(second + 1);
    if (controllers == ",,") {
      for (const char* mount : {"", "/unified"})
        least =
            std::min(least, LeastOf(places.groups + mount, group, {"memory.max", "memory.high"}));
    } else if (controllers.find(",memory,") != controllers.npos) {
      least = std::min(least, LeastOf(places.groups + "/memory", group, {"memory.limit_in_bytes"}));
    }
  }
  return least;
}

}  // namespace

uint64_t MemoryLimitBytes(const MemoryLimitPlaces& places) {
  uint64_t least = LeastOfGroups(places);
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    least = std::min<uint64_t>(least, limit.rlim_cur);
  return least;
}

uint64_t DefaultMemoryBytes(uint64_t limit_bytes) {
  return std::clamp(limit_bytes / 2, kBytesMin, kMemoryBytesMaxDefault);
}

}  // namespace jackfield
