#include "tools/wiring/carry.h"

#include "kernel/base/text.h"
#include "kernel/common_params.h"

namespace jackfield {
namespace {

// What is left of `address` when its shims have taken theirs.
Address BehindShims(const Registry& registry, Address address) {
  while (!address.shims().empty()) {
    for (const auto& shim : registry.shims()) {
      if (shim->name() != address.shims().front()) continue;
      if (shim->secures()) address = address.Secured();
      for (const std::string_view key : shim->keys()) address = address.Without(key);
    }
    address = address.WithoutOuterShim();
  }
  return address;
}

}  // namespace

absl::Status CheckCommonParams(const Address& address) {
  if (absl::Status status = ReadOnFull(address).status(); !status.ok()) return status;
  return ReadSpin(address).status();
}

Caps NeedsOf(Carried what, Role role) {
  if (what == Carried::kCalls) return CallNeeds();
  return role == Role::kServe ? ReceiveNeeds() : SendNeeds();
}

absl::StatusOr<Registry::Stacked> Carry(const Registry& registry, const MachineChecks& machine,
                                        const Address& address, Role role, Carried what) {
  if (absl::Status status = CheckCommonParams(address); !status.ok()) return status;
  absl::StatusOr<Registry::Stacked> stacked =
      registry.Stack(WithoutCommonParams(address), role, NeedsOf(what, role));
  if (!stacked.ok()) return stacked;
  if (stacked->caps.one_thread) {
    return absl::FailedPreconditionError(
        Text(address.ToString(),
             " joins nodes that one thread drives, and each service has a thread of its own; it is "
             "for tests"));
  }
  for (Address outer = stacked->address; !outer.shims().empty(); outer = outer.WithoutOuterShim()) {
    for (const auto& shim : registry.shims()) {
      if (shim->name() != outer.shims().front()) continue;
      if (absl::Status status = shim->Check(outer, role); !status.ok()) return status;
    }
  }
  const Address medium = BehindShims(registry, stacked->address);
  for (const MachineCheck& here : machine) {
    if (here.scheme != medium.scheme()) continue;
    if (absl::Status status = here.check(medium, role); !status.ok()) return status;
  }
  return stacked;
}

}  // namespace jackfield
