// Whom a verb speaks to: an address, or a service of a running wiring by its name.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_TARGET_H_
#define JACKFIELD_TOOLS_VERBS_TARGET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/program.h"

namespace jackfield {

// What has a ':' in it is an address, and returned; else it is the name of a service, of the wiring
// that --wiring names or of any that is up. Errors: as FindService.
absl::StatusOr<std::string> AddressOfTarget(const Program& program, const Arguments& arguments,
                                            std::string_view target);

// TARGET and what stands behind it. A first word SERVICE/METHOD is cut into two; an address, in
// which '/' is a path, is not.
std::vector<std::string> WordsOfTarget(const std::vector<std::string>& operands);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_TARGET_H_
