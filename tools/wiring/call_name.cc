#include "tools/wiring/call_name.h"

#include <algorithm>

#include "services/service.h"

namespace jackfield {

bool IsAloneInRole(const Plan& plan, const PlannedChannel& channel) {
  const std::vector<size_t>& calls = plan.services[channel.client].calls;
  return std::count_if(calls.begin(), calls.end(),
                       [&](size_t call) { return plan.channels[call].role == channel.role; }) == 1;
}

std::string CallNameOf(const Plan& plan, const PlannedChannel& channel) {
  return IsAloneInRole(plan, channel)
             ? channel.role
             : NameInRole(channel.role, plan.services[channel.server].name);
}

}  // namespace jackfield
