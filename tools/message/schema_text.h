// A binary schema written out as the .fbs text that it could have been made from.
//
//   absl::StatusOr<std::string> text = TextForReader(schema, "greet.Greeter", "");
//
// Types come before those that use them, each with its full name where another namespace is left:
// flatc takes the text as it is.
//
// Thread: any. Requires of every schema: CheckSchema has passed it.
#ifndef JACKFIELD_TOOLS_MESSAGE_SCHEMA_TEXT_H_
#define JACKFIELD_TOOLS_MESSAGE_SCHEMA_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

inline constexpr size_t kSchemaTextBytesMax = 16 << 20;
inline constexpr int kStructDepthMax = 64;  // structs inside one another

// An interface, or one method of it ("": all), and the types that it uses: with comments and the
// attributes of methods.
// Errors: INVALID_ARGUMENT, to be read after "its schema ".
absl::StatusOr<std::string> TextForReader(const reflection::Schema& schema,
                                          std::string_view interface, std::string_view method);

// All of it, for FlatBuffers' parser: without what has no influence on the bytes of a message.
// Fields that are deprecated are there as any others, since they may come.
// Errors: as above.
absl::StatusOr<std::string> TextForParser(const reflection::Schema& schema);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_SCHEMA_TEXT_H_
