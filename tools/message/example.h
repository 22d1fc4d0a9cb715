// An example of a message, as JSON: every field, with a value of its type.
//
// Thread: any. Requires: CheckSchema has passed the schema.
#ifndef JACKFIELD_TOOLS_MESSAGE_EXAMPLE_H_
#define JACKFIELD_TOOLS_MESSAGE_EXAMPLE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

inline constexpr size_t kExampleBytesMax = 1 << 20;
inline constexpr size_t kExampleBytesAmple = 64 << 10;  // from here on only what is required
inline constexpr int kExampleDepthMax = 8;  // tables inside one another; deeper ones that are
                                            // required too

// One line. Of lists there is one element, of unions the first member; what is deprecated is left
// out, and a table inside itself, unless it must be there.
// Errors: INVALID_ARGUMENT, to be read after "its schema ": no message is small enough.
absl::StatusOr<std::string> ExampleOf(const reflection::Schema& schema, std::string_view table);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_EXAMPLE_H_
