#include "tools/doctor/machine.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/loop.h"
#include "tools/cli/arguments.h"

namespace jackfield::doctor {
namespace {

constexpr size_t kFileBytesMax = 64 << 10;

std::optional<uint64_t> NumberIn(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text == "max" || text == "unlimited") return UINT64_MAX;
  return NumberOf(text);
}

// `group` and all above it, as far as they can be seen from here.
void LookUpwards(const Machine& machine, std::string_view mount, std::string_view group,
                 Tasks& least) {
  for (;;) {
    while (group.ends_with('/')) group.remove_suffix(1);
    const std::string folder = Text("/sys/fs/cgroup", mount, group);
    Tasks tasks;
    tasks.max = machine.ReadNumber(folder + "/pids.max").value_or(UINT64_MAX);
    tasks.now = machine.ReadNumber(folder + "/pids.current").value_or(0);
    if (tasks.room() < least.room()) least = tasks;
    if (group.empty()) return;
    group = group.substr(0, group.rfind('/') + 1);
  }
}

}  // namespace

absl::Status TryIoUring() {
  const absl::StatusOr<std::unique_ptr<Loop>> loop =
      Loop::Create({.name = "doctor", .wait = LoopOptions::Wait::kUring});
  if (!loop.ok()) return loop.status();
  if ((*loop)->reactor().name() != "io_uring")
    return absl::FailedPreconditionError("JACKFIELD_REACTOR=epoll stands in the environment");
  return absl::OkStatus();
}

std::optional<Space> SpaceOf(const std::string& path) {
  struct statvfs is {};
  const OwnedFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || fstatvfs(folder.get(), &is) != 0) return std::nullopt;
  return Space{uint64_t{is.f_blocks} * is.f_frsize, uint64_t{is.f_bavail} * is.f_frsize};
}

std::optional<std::string> Machine::Read(std::string_view path) const {
  const OwnedFd file(open((root + std::string(path)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return std::nullopt;
  std::string text(kFileBytesMax, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.get(), text.data() + size, text.size() - size);
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

std::optional<uint64_t> Machine::ReadNumber(std::string_view path) const {
  const std::optional<std::string> text = Read(path);
  return text ? NumberIn(*text) : std::nullopt;
}

std::optional<Limit> LimitOf(const Machine& machine, std::string_view name) {
  std::istringstream lines(machine.Read("/proc/self/limits").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    std::istringstream rest(line.substr(name.size()));
    std::string soft, hard;
    rest >> soft >> hard;
    const std::optional<uint64_t> now = NumberIn(soft), most = NumberIn(hard);
    if (now && most) return Limit{*now, *most};
  }
  return std::nullopt;
}

Tasks TasksOfGroups(const Machine& machine) {
  Tasks least;
  // "0::/a/b" is the group of version 2, "9:pids:/a/b" that of a controller of version 1.
  std::istringstream lines(machine.Read("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string names = Text(",", line.substr(first + 1, second - first - 1), ",");
    const std::string_view group = std::string_view(line).substr(second + 1);
    if (names == ",,") {
      for (const std::string_view mount : {"", "/unified"})
        LookUpwards(machine, mount, group, least);
    } else if (names.find(",pids,") != names.npos) {
      LookUpwards(machine, "/pids", group, least);
    }
  }
  return least;
}

}  // namespace jackfield::doctor
