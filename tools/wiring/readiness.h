// Can it be found out that a service is ready, in the way that its wiring says?
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WIRING_READINESS_H_
#define JACKFIELD_TOOLS_WIRING_READINESS_H_

#include <string>
#include <string_view>

#include "tools/wiring/plan.h"

namespace jackfield {

// The rule of `entry`, its program as a whole path, seen from the directory `folder`.
ReadyRule ReadyRuleOf(const ServiceEntry& entry, std::string_view folder);

// To be read after its name: "is ready by \"port\", and serves at no place"; "": it can.
// Requires: where it is to serve is known.
std::string WhyNeverReady(const PlannedService& service);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_READINESS_H_
