// The variables that a service finds beside those of whoever starts it: env and env_file of a
// wiring.
#ifndef JACKFIELD_TOOLS_WIRING_ENVIRONMENT_H_
#define JACKFIELD_TOOLS_WIRING_ENVIRONMENT_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield {

using Variables = std::vector<std::pair<std::string, std::string>>;  // name and value

inline constexpr size_t kEnvFileBytesMax = 256 << 10;

// Why NAME=value cannot be in a service's environment; "" if it can. Names that begin with
// JACKFIELD_ are the bus's own, but JACKFIELD_REACTOR, which users set.
std::string WhyNoVariable(std::string_view name, std::string_view value);

// The file as variables: a NAME=VALUE a line, everything behind the first '=' as it stands; blank
// lines and those that begin with '#' say nothing. The last line of a name wins. Errors:
// INVALID_ARGUMENT, one sentence with the number of the line; NOT_FOUND and UNAVAILABLE.
absl::StatusOr<Variables> ReadEnvFile(const std::string& path);

// `first`, with what `then` says in place of what it says itself.
Variables Merged(Variables first, const Variables& then);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_ENVIRONMENT_H_
