// What goes through a verb unchanged: the data that --data names, and lines on stdout.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_DATA_H_
#define JACKFIELD_TOOLS_VERBS_DATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/arguments.h"

namespace jackfield {

inline constexpr size_t kInputBytesMax = 64 << 20;

// The word that stands for the data, or what --data names: "@FILE", or "-" for stdin. nullopt:
// there is neither. `noun`: what it stands behind, for texts: "the method".
// Errors: INVALID_ARGUMENT (both, neither form, more than kInputBytesMax), NOT_FOUND (it cannot be
// read).
absl::StatusOr<std::optional<std::string>> DataOf(std::optional<std::string_view> word,
                                                  std::optional<std::string_view> data,
                                                  std::string_view noun);

// What --count says. 0: it is not there, without end. Errors: INVALID_ARGUMENT.
absl::StatusOr<uint64_t> CountOf(const Arguments& arguments);

// And flushes, so that a reader sees each line as soon as it is there. Errors: UNKNOWN, with why.
absl::Status PrintLine(std::string_view text);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_DATA_H_
