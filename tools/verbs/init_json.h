// What a supervisor answers (jackfield.init.Init), as JSON by its schema, so that a reader knows
// what each name means.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_VERBS_INIT_JSON_H_
#define JACKFIELD_TOOLS_VERBS_INIT_JSON_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "tools/message/schema.h"

namespace jackfield {

// Prints a reply, or an item, of that method. Errors: INTERNAL, DATA_LOSS.
absl::Status PrintInitJson(std::string_view method, std::span<const std::byte> reply,
                           message::Layout layout);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_INIT_JSON_H_
