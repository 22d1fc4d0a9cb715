#include "transports/shm/memory_room.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr int kLevelsMax = 64;  // of nested groups

std::string ReadSmallFile(const std::string& path) {
  char text[16 << 10];  // not a string of this size, which would be filled with zeros first
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text);
  if (fd >= 0) close(fd);
  return std::string(text, got > 0 ? static_cast<size_t>(got) : 0);
}

std::optional<uint64_t> NumberAt(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;  // "max" among them
  return number;
}

// The number behind `name` at the beginning of a line.
std::optional<uint64_t> FieldOf(const std::string& text, std::string_view name) {
  const size_t at = ("\n" + text).find("\n" + std::string(name));
  if (at == std::string::npos) return std::nullopt;
  return NumberAt(std::string_view(text).substr(at + name.size()));
}

void Bound(MemoryRoom& room, uint64_t bytes, std::string bound) {
  if (bytes >= room.bytes) return;
  room.bytes = bytes;
  room.bound = std::move(bound);
}

struct Version {
  std::string_view folder;  // below the cgroup directory
  std::string_view limit, usage, reclaimable;
};
constexpr Version kTwo = {"", "memory.max", "memory.current", "inactive_file "};
constexpr Version kOne = {"/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                          "total_inactive_file "};

void BoundByGroups(MemoryRoom& room, const Version& version, std::string_view cgroup,
                   std::string group) {
  for (int level = 0; level < kLevelsMax; ++level) {
    const std::string folder = Text(cgroup, version.folder, group == "/" ? "" : group, "/");
    const auto limit = NumberAt(ReadSmallFile(folder + std::string(version.limit)));
    const auto usage = NumberAt(ReadSmallFile(folder + std::string(version.usage)));
    if (limit && usage) {
      // The page cache of files is given back before anybody is killed.
      const uint64_t cache =
          FieldOf(ReadSmallFile(folder + "memory.stat"), version.reclaimable).value_or(0);
      const uint64_t used = *usage - std::min(*usage, cache);
      Bound(room, *limit - std::min(*limit, used),
            Text("memory cgroup ", group, " (", version.limit, ")"));
    }
    if (group.empty() || group == "/") return;
    group.resize(group.rfind('/'));
    if (group.empty()) group = "/";
  }
}

}  // namespace

MemoryRoom FindMemoryRoom() { return FindMemoryRoom("/proc", "/sys/fs/cgroup"); }

MemoryRoom FindMemoryRoom(std::string_view proc, std::string_view cgroup) {
  MemoryRoom room;
  if (const auto kib = FieldOf(ReadSmallFile(Text(proc, "/meminfo")), "MemAvailable:"))
    Bound(room, *kib << 10, "memory of this machine (MemAvailable)");
  // Lines "0::/group" (version 2) and "4:memory:/group" (version 1).
  const std::string groups = ReadSmallFile(Text(proc, "/self/cgroup"));
  for (std::string_view rest = groups; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string group(line.substr(second + 1));
    if (group.empty() || group[0] != '/') continue;
    if (controllers.empty())
      BoundByGroups(room, kTwo, cgroup, group);
    else if (Text(",", controllers, ",").find(",memory,") != std::string::npos)
      BoundByGroups(room, kOne, cgroup, group);
  }
  return room;
}

}  // namespace jackfield
