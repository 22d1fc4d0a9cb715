// A text with JSON objects one after the other, cut into them.
//
// Thread: any. Ownership: the pieces are views of the text.
#ifndef JACKFIELD_TOOLS_MESSAGE_VALUES_H_
#define JACKFIELD_TOOLS_MESSAGE_VALUES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield::message {

// Cuts behind the bracket that closes each; whether it is JSON, Schema::ToBytes finds out. White
// space between them, and nothing else. Errors: INVALID_ARGUMENT: one does not begin with '{', or
// does not end.
absl::StatusOr<std::vector<std::string_view>> CutValues(std::string_view text);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_VALUES_H_
