// Can a service of a plan be started again while its wiring is up?
#ifndef JACKFIELD_TOOLS_WIRING_RESTARTABLE_H_
#define JACKFIELD_TOOLS_WIRING_RESTARTABLE_H_

#include <optional>
#include <string>

#include "tools/wiring/plan.h"

namespace jackfield {

// What carries no answers, and was given no place, has one that bears the process: its number, or a
// file that goes with it.
inline bool PlaceGoesWithProcess(const PlannedChannel& channel) {
  return channel.address.bare() && !channel.caps.reply;
}

struct NoRestart {
  const PlannedChannel* channel = nullptr;  // of the plan: what stands against it
  std::string why;                          // "its channel with b over pipe: ends with either …"
};

// What forbids it, by the first such channel; nothing where it can be: whoever starts again serves
// at the places where it did, and its clients meet it there.
std::optional<NoRestart> WhyNoRestart(const Plan& plan, size_t service);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_RESTARTABLE_H_
