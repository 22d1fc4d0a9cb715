// A schema in a file: .fbs text, or .bfbs.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_MESSAGE_SCHEMA_FILE_H_
#define JACKFIELD_TOOLS_MESSAGE_SCHEMA_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace jackfield::message {

// The binary schema, with its comments, unchecked: SchemaOf and CheckSchema are for that. What
// text includes is looked for beside it, and in the directory where the program runs. At most
// kSchemaTextBytesMax of it.
// Errors: NOT_FOUND (it cannot be read); INVALID_ARGUMENT: "kv.fbs: line 3, column 7: …".
absl::StatusOr<std::string> ReadSchemaFile(const std::string& path);

// The parser's "1: 11: error: WHAT", or "FILE:1: 11: error: WHAT", as "line 1, column 11: WHAT".
std::string CleanError(std::string_view error);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_SCHEMA_FILE_H_
