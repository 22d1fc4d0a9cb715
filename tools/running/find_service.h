// Where a service of a running wiring is reached, by its name. One that has instances is reached at
// one of them, which gets on and has the least to do.
//
// Thread: the main one. It blocks.
#ifndef JACKFIELD_TOOLS_RUNNING_FIND_SERVICE_H_
#define JACKFIELD_TOOLS_RUNNING_FIND_SERVICE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/registry.h"

namespace jackfield {

// wiring: as FindWiring; "": whichever has such a service. Of several places the first that others
// than the services of its wiring can reach.
// Errors: NOT_FOUND (no such wiring or service is up; names the nearest, and how a wiring that had it ended); FAILED_PRECONDITION
// (several have it; or it has no such place, or is not ready); UNAVAILABLE.
absl::StatusOr<std::string> FindService(const Registry& registry, std::string_view wiring,
                                        std::string_view service);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNNING_FIND_SERVICE_H_
