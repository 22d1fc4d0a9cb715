#include "tools/bench/targets.h"

#include <algorithm>
#include <string>
#include <utility>

#include "kernel/base/text.h"
#include "tools/bench/medium.h"

namespace jackfield::bench {
namespace {

// Why calls of this size cannot be measured over it; "": they can.
std::string LackOf(const Address& address, const Registry& registry, const MachineChecks& machine,
                   uint64_t size_bytes) {
  const absl::StatusOr<Caps> caps = CapsOfServed(address, registry);
  if (!caps.ok()) {
    return registry.Describe(address, Role::kServe).ok()
               ? "it carries one-way messages, and no calls"
               : Escaped(std::string(caps.status().message()));
  }
  if (caps->one_thread) return "it joins nodes of one thread, for tests: there are no two sides";
  if (size_bytes + kHeaderBytes > caps->frame_bytes_max)
    return Text("it carries at most ", caps->frame_bytes_max - kHeaderBytes, " bytes a message");
  for (const MachineCheck& check : machine) {
    if (check.scheme != address.scheme()) continue;
    const absl::Status status = check.check(address, Role::kServe);
    if (status.ok()) continue;
    std::string why = Escaped(std::string(status.message()));
    if (const std::string about = Text(check.scheme, ": "); why.starts_with(about))
      why.erase(0, about.size());  // the row begins with it
    return why;
  }
  return {};
}

}  // namespace

std::vector<Target> EveryTarget(const Registry& registry, const MachineChecks& machine,
                                uint64_t size_bytes) {
  std::vector<Target> targets;
  for (const auto& transport : registry.transports()) {
    const Address bare(std::string(transport->scheme()), "");
    targets.push_back({bare, ""});
    for (const MediumOfScheme& row : Media()) {
      // The bare address is one of the types, and means it.
      if (row.scheme == bare.scheme() && !row.type.empty() && row.medium != FindMedium(bare).medium)
        targets.push_back({bare.With("type", std::string(row.type)), ""});
    }
  }
  std::stable_sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) {
    return a.address.ToString() < b.address.ToString();
  });
  for (Target& target : targets)
    target.lacks = LackOf(target.address, registry, machine, size_bytes);
  return targets;
}

}  // namespace jackfield::bench
