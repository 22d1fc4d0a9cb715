#include "tools/wiring/restartable.h"

#include "kernel/base/text.h"

namespace jackfield {

std::optional<NoRestart> WhyNoRestart(const Plan& plan, size_t service) {
  for (const PlannedChannel& channel : plan.channels) {
    const bool serves = channel.server == service;
    if (!serves && channel.client != service) continue;
    const std::string with =
        Text("its channel with ", plan.services[serves ? channel.client : channel.server].name,
             " over ", channel.address.ToString());
    if (channel.caps.inherited)
      return NoRestart{&channel, Text(with, " ends with either of them for good")};
    if (serves && PlaceGoesWithProcess(channel))
      return NoRestart{&channel, Text(with, " is at a place that goes with its process")};
  }
  return std::nullopt;
}

}  // namespace jackfield
