// Do two binary schemas say the same of the bytes of a message?
//
// FlatBuffers' parser makes one of the text that another was written out as (schema_text.h). If the
// peer's was made by it too, they are the same; if not, the peer means other bytes than the tool.
//
// Thread: any. Requires: CheckSchema has passed both.
#ifndef JACKFIELD_TOOLS_MESSAGE_SAME_H_
#define JACKFIELD_TOOLS_MESSAGE_SAME_H_

#include "absl/status/status.h"
#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

// Errors: INVALID_ARGUMENT, to be read after "its schema ": which type or field is not as a parser
// would have made it.
absl::Status CheckSame(const reflection::Schema& peers, const reflection::Schema& parsed);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_SAME_H_
