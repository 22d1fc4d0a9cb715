#include "transports/engine/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/base/fnv.h"
#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

// The beginning of a file of /proc; "": it cannot be read.
std::string Beginning(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t bytes = fd.ok() ? read(fd.get(), text, sizeof text) : 0;
  return std::string(text, static_cast<size_t>(std::max<ssize_t>(bytes, 0)));
}

// /proc/PID/stat, proc(5): fields 3, 20 and 22.
struct Stat {
  char state = '?';
  int64_t threads = 0;
  uint64_t start_ticks = 0;  // as this process's time namespace counts

  // Who is dead and not buried yet has its main thread left. That alone may also have ended first.
  bool ended() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};
std::optional<Stat> ReadStat(const std::string& who) {
  const std::string text = Beginning(Text("/proc/", who, "/stat"));
  // The second field is the program's name in brackets, which may itself hold spaces and brackets.
  std::string_view rest(text);
  const size_t bracket = rest.rfind(')');
  if (bracket == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(bracket + 1);
  Stat stat;
  for (int field = 3; field <= 22 && rest.size() > 1; ++field) {  // " S 1 …"
    rest.remove_prefix(1);
    if (field == 3) stat.state = rest[0];
    if (field == 20) stat.threads = std::strtoll(rest.data(), nullptr, 10);
    if (field == 22) stat.start_ticks = std::strtoull(rest.data(), nullptr, 10);
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
  }
  return stat;
}

// Is what /proc shows of this process's own pid namespace? A container may have been given that of
// its host, in which the same numbers are other processes'.
bool ProcCountsAsWeDo() {
  // "NSpid:	4121	1": a number for each namespace from that of /proc down to the own
  // (proc(5)).
  const std::string status = Beginning("/proc/self/status");
  const std::string_view key = "\nNSpid:\t";
  const size_t at = status.find(key);
  if (at != std::string::npos) {
    const size_t numbers = at + key.size();
    return status.find('\t', numbers) > status.find('\n', numbers);
  }
  char self[32];  // a kernel without namespaces
  const ssize_t bytes = readlink("/proc/self", self, sizeof self - 1);
  return bytes > 0 && std::string_view(self, static_cast<size_t>(bytes)) == Text(getpid());
}

// What this process's time namespace adds to each start, time_namespaces(7); nullopt: it cannot be
// known, or is no whole number of ticks.
std::optional<int64_t> AddedTicks() {
  struct stat own {
  }, childrens{};
  if (stat("/proc/self/ns/time", &own) != 0) return 0;  // the kernel has none
  // What is told are the offsets of its children's.
  if (stat("/proc/self/ns/time_for_children", &childrens) != 0 || own.st_ino != childrens.st_ino)
    return std::nullopt;
  const std::string offsets = Beginning("/proc/self/timens_offsets");
  const size_t at = offsets.find("boottime");
  long long seconds = 0, nanoseconds = 0;
  const int64_t ticks = sysconf(_SC_CLK_TCK), tick_ns = 1'000'000'000 / ticks;
  if (at == std::string::npos ||
      std::sscanf(offsets.c_str() + at, "boottime %lld %lld", &seconds, &nanoseconds) != 2 ||
      nanoseconds % tick_ns != 0)
    return std::nullopt;
  return seconds * ticks + nanoseconds / tick_ns;
}

// In no time namespace; 0: it cannot be known.
uint64_t StartOf(const Stat& stat) {
  const std::optional<int64_t> added = AddedTicks();
  return added.has_value() ? stat.start_ticks - static_cast<uint64_t>(*added) : 0;
}

}  // namespace

uint64_t PidNamespace() {
  if (!ProcCountsAsWeDo()) return 0;
  // Every machine gives its first namespace the same number; a start of a system has one of its
  // own.
  const std::string boot = Beginning("/proc/sys/kernel/random/boot_id");
  if (boot.empty()) return 0;
  struct stat is {};
  stat("/proc/self/ns/pid", &is);         // a kernel without namespaces has one: 0
  const uint64_t hash = Fnv1a64(Text(boot, uint64_t{is.st_ino}));
  return hash == 0 ? 1 : hash;
}

ProcessName ThisProcess() {
  ProcessName name{getpid(), 0, PidNamespace()};
  if (const std::optional<Stat> stat = ReadStat("self")) name.start_ticks = StartOf(*stat);
  return name;
}

ProcessName ProcessWithPid(int64_t pid) {
  ProcessName name{pid};
  const std::optional<Stat> stat = ReadStat(std::to_string(pid));
  if (stat.has_value() && !stat->ended()) name.start_ticks = stat->start_ticks;
  return name;
}

ProcessSeen LookAtProcess(int64_t pid) {
  using State = ProcessSeen::State;
  // No process is hidden from this question, or shown to it that is another namespace's.
  if (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return {State::kEnded};
  if (!ProcCountsAsWeDo()) return {State::kHidden};
  const std::optional<Stat> stat = ReadStat(std::to_string(pid));
  if (!stat.has_value()) return {State::kHidden};
  if (stat->ended()) return {State::kEnded};
  return {State::kLives, StartOf(*stat)};
}

}  // namespace jackfield
