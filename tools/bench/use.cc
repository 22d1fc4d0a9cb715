#include "tools/bench/use.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield::bench {

SideUse operator-(const SideUse& after, const SideUse& before) {
  return {.cpu_ns = after.cpu_ns - before.cpu_ns,
          .waited_ns = after.waited_ns - before.waited_ns,
          .runs = after.runs - before.runs,
          .allocations = after.allocations - before.allocations,
          .system_calls = after.system_calls - before.system_calls};
}

SideUse ReadWaits(pid_t tid) {
  SideUse use;
  const OwnedFd file(open(Text("/proc/", tid, "/schedstat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[96] = {};
  if (!file.ok() || read(file.get(), text, sizeof text - 1) <= 0) return use;
  long long ran_ns = 0, waited_ns = 0;
  unsigned long long runs = 0;
  if (std::sscanf(text, "%lld %lld %llu", &ran_ns, &waited_ns, &runs) != 3) return use;
  use.waited_ns = waited_ns;
  use.runs = runs;
  return use;
}

std::optional<double> NoiseOf(std::span<const SideUse> sides, int64_t used_ns, bool one_cpu) {
  if (used_ns <= 0) return std::nullopt;
  int64_t noise_ns = 0, waited_ns = 0, cpu_ns = 0;
  bool known = false;
  for (const SideUse& side : sides) {
    known |= side.runs > 0 || side.waited_ns > 0;
    const int64_t wakes_ns = static_cast<int64_t>(side.runs) * kWakeNs;
    noise_ns = std::max(noise_ns, side.waited_ns - wakes_ns);
    waited_ns += side.waited_ns;
    cpu_ns += side.cpu_ns;
  }
  if (one_cpu) {
    known |= cpu_ns > 0;
    noise_ns = std::clamp<int64_t>(used_ns - cpu_ns, 0, waited_ns);
  }
  if (!known) return std::nullopt;
  return static_cast<double>(noise_ns) / static_cast<double>(used_ns);
}

}  // namespace jackfield::bench
