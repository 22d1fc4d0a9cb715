// What is asked of a plan that is made.
#include <algorithm>

#include "kernel/base/text.h"
#include "kernel/loop/memory_limit.h"
#include "tools/wiring/plan.h"

namespace jackfield {

Address ClientAddress(const Address& wired, const Address& actual) {
  Address address = actual;
  for (const auto& [key, value] : wired.params()) {
    if (!address.Find(key)) address = address.With(key, value);
  }
  return address;
}

uint64_t MemoryOf(const Plan& plan, const PlannedService& service) {
  if (service.memory_bytes != 0) return service.memory_bytes;
  return DefaultMemoryBytes(MemoryLimitBytes() / std::max<size_t>(1, plan.services.size()));
}

size_t NameWidth(const Plan& plan) {
  size_t width = 0;
  for (const PlannedService& service : plan.services) width = std::max(width, service.name.size());
  return width;
}

std::string Summary(const Plan& plan) {
  size_t outside = 0;
  for (const PlannedService& service : plan.services)
    outside += service.edges + service.outside.size();
  return Text(plan.services.size(), plan.services.size() == 1 ? " service, " : " services, ",
              plan.channels.size(), plan.channels.size() == 1 ? " channel" : " channels",
              outside == 0 ? "" : Text(", ", outside, " to the outside"));
}

std::vector<std::string> OpenToAnybody(const Plan& plan, const Registry& registry) {
  std::vector<std::string> sentences;
  for (const PlannedService& service : plan.services) {
    if (!service.allows.empty()) continue;
    for (const Address& address : service.serves) {
      const auto stacked = registry.Stack(address, Role::kServe, {}, kMessageBytesDefault);
      if (!stacked.ok() || !stacked->caps.multi_host || stacked->caps.encrypted) continue;
      sentences.push_back(Text(service.name, " serves at ", address.ToString(),
                               " whoever can reach it, every user of this machine at least; who "
                               "may call says allow = [\"NAME\", …]"));
      break;
    }
  }
  return sentences;
}

}  // namespace jackfield
