// What of a message that is sound FlatBuffers cannot print as JSON, found before it is asked: it
// trusts that a union has a type that the schema knows, and it writes text for as long as the
// message says. Parts of a message may be in it many times (a list of offsets to one string), so
// that of a few KiB can come more text than any memory holds.
//
// Thread: any. It keeps nothing.
#ifndef JACKFIELD_TOOLS_MESSAGE_PRINTABLE_H_
#define JACKFIELD_TOOLS_MESSAGE_PRINTABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "flatbuffers/reflection_generated.h"

namespace jackfield::message {

inline constexpr uint64_t kJsonBytesMax = 256 << 20;  // of one message; estimated, rather too high

enum class Layout { kLine, kIndented };

struct Printable {
  std::string why_not;  // "order.shape has the type 9, which the schema does not know"; "": it is
  bool is_utf8 = true;  // all text in it
};

// Requires: `bytes` are a sound message of that table (services/stubs/message_fault.h), by a schema
// that FlatBuffers' parser made, without fields that are deprecated.
Printable PrintableOf(const reflection::Schema& schema, std::string_view table,
                      std::span<const std::byte> bytes, Layout layout);

}  // namespace jackfield::message

#endif  // JACKFIELD_TOOLS_MESSAGE_PRINTABLE_H_
