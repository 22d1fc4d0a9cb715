// Generated clients hold their own schema against the service's before the first call: what one of
// the two would misread is refused when they meet, with the field's name and both sides' word for
// it, and not found in the data later. Schemas that differ by changes that are good
// (services/reflection/compare.h) go together, whichever side is the newer.
//
// Thread: the node's.
#ifndef JACKFIELD_SERVICES_STUBS_EXPECTED_SCHEMA_H_
#define JACKFIELD_SERVICES_STUBS_EXPECTED_SCHEMA_H_

#include <string_view>

#include "absl/status/status.h"
#include "kernel/call/interface.h"
#include "services/stubs/route.h"

namespace jackfield {

// Says that the route's channel calls `interface` (Channel::Speaks). Cheap when it is said again.
void ExpectSchema(const Route& route, const Interface& interface);

// Does a program with `interface` understand a service with the binary schema `theirs`, which may
// be any bytes? Errors: FAILED_PRECONDITION, with what stands between them, three of it at most.
absl::Status JudgeSchema(const Interface& interface, std::string_view theirs);

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_EXPECTED_SCHEMA_H_
