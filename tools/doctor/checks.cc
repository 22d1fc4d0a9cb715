#include "tools/doctor/checks.h"

#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield::doctor {
namespace {

constexpr Check kChecks[] = {
    CheckIoUring,           CheckProc,           CheckRuntimeDirectory, CheckDescriptors,
    CheckProcesses,         CheckTasksOfGroups,  CheckMemory,           CheckLockedMemory,
    CheckSharedMemoryFiles, CheckPendingSignals, CheckInotifyInstances, CheckInotifyWatches,
    CheckMqMessages,        CheckMqMessageBytes, CheckMqQueues,         CheckMqBytesOfUser,
    CheckSysvMessageBytes,  CheckSysvQueueBytes, CheckSysvQueues,       CheckDatagramQueue,
    CheckReceiveBuffer,     CheckSendBuffer,     CheckStateDirectory,
};

std::string PathOf(std::string_view setting) {
  std::string path = Text("/proc/sys/", setting);
  std::replace(path.begin() + static_cast<ptrdiff_t>(path.size() - setting.size()), path.end(), '.',
               '/');
  return path;
}

}  // namespace

std::span<const Check> AllChecks() { return kChecks; }

Finding CheckNumber(const Machine& machine, const NumberRule& rule) {
  Finding finding{.what = std::string(rule.name)};
  const std::optional<uint64_t> number = machine.ReadNumber(PathOf(rule.name));
  if (!number) {
    finding.mark = rule.absent_mark;
    finding.value = rule.absent;
    return finding;
  }
  const auto shown = [&rule](uint64_t value) {
    return rule.is_bytes ? FormatBytes(value) : Text(value);
  };
  finding.value = shown(*number);
  if (*number >= rule.least) return finding;
  finding.mark = Mark::kWarn;
  finding.value += Text(", less than ", shown(rule.least), ": ", rule.below);
  finding.help = Text("sysctl -w ", rule.name, "=", rule.least);
  return finding;
}

std::vector<Finding> CheckTransports(const Registry& registry, const MachineChecks& checks) {
  std::vector<Finding> findings;
  for (const MachineCheck& check : checks) {
    const Address bare(std::string(check.scheme), "");
    if (!registry.Describe(bare, Role::kServe).ok()) continue;
    const absl::Status status = check.check(bare, Role::kServe);
    Finding& finding = findings.emplace_back();
    finding.what = Text(check.scheme, ":");
    finding.mark = status.ok() ? Mark::kOk : Mark::kWarn;
    finding.value = status.ok() ? "this machine has it" : Escaped(std::string(status.message()));
    if (const std::string about = finding.what + " "; finding.value.starts_with(about))
      finding.value.erase(0, about.size());
  }
  return findings;
}

Finding CheckLeftovers(const ResourcesList& resources) {
  std::string first;
  const Cleaned cleaned =
      RemoveDead(resources, Dry::kYes, [&first](const Resource& resource, const absl::Status&) {
        if (first.empty()) first = Text(resource.what, " ", Escaped(resource.place));
      });
  Finding finding{.what = "leftovers of the dead", .value = "none"};
  if (cleaned.removed == 0) return finding;
  finding.mark = Mark::kWarn;
  finding.value = Text(cleaned.removed, cleaned.removed == 1 ? ": " : ", the first: ", first);
  finding.help = "jackfield clean";
  return finding;
}

}  // namespace jackfield::doctor
