// Where the services of a plan serve when nobody is there to pass on what they report.
//
// Under `jackfield up` a service may choose its place, and its clients are told. Units of systemd
// are written before anything runs: so each place is chosen here, by serving at it for a moment.
//
// Thread: the main one. It blocks.
#ifndef JACKFIELD_TOOLS_UNITS_PLACES_H_
#define JACKFIELD_TOOLS_UNITS_PLACES_H_

#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/registry.h"
#include "tools/wiring/plan.h"

namespace jackfield::units {

// For each service of the plan, in its order, the addresses of its `serves`: as they are wired, or
// chosen where they are bare.
using Places = std::vector<std::vector<Address>>;

// Errors: INVALID_ARGUMENT: the wiring has what units cannot have, one line for each: ends that are
// inherited (pipe:), threads (inproc:), places that go with their process; those of serving.
absl::StatusOr<Places> ChoosePlaces(const Plan& plan, const Registry& registry);

}  // namespace jackfield::units

#endif  // JACKFIELD_TOOLS_UNITS_PLACES_H_
