// What a call is as a line, and a line as its answer. Two ways: by a schema, where both are JSON,
// and without one, where both are the text of jackfield.lines.Lines/Say.
//
// Thread: one at a time. Ownership: interfaces and methods are the codec's.
#ifndef JACKFIELD_TOOLS_LINES_CODEC_H_
#define JACKFIELD_TOOLS_LINES_CODEC_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/call/interface.h"

namespace jackfield::lines {

inline constexpr size_t kBeginningBytesMax = 80;  // of a line, in a text about it

class Codec {
 public:
  virtual ~Codec() = default;

  // Each with its schema as it was given, comments included.
  virtual std::span<const Interface> interfaces() const = 0;

  // The line for a request, without a newline. Errors: INVALID_ARGUMENT: the caller's fault.
  virtual absl::StatusOr<std::string> LineOf(const Method& method,
                                             std::span<const std::byte> request) = 0;

  // The message that answers, of a line. Errors: the program's own, "!CODE SENTENCE" (by a schema
  // only); INTERNAL: it is no answer, and how it begins.
  virtual absl::StatusOr<std::string> AnswerOf(const Method& method, std::string_view line) = 0;
};

std::unique_ptr<Codec> TextCodec();

// One line of JSON for a message. Where the schema has several methods the line says which:
// {"method":"kv.Store/Get","request":{…}}.
// bytes: a .bfbs. Errors: INVALID_ARGUMENT, to be read after "the schema ": it is none; it has no
// methods, or one with a stream, for which there is no line.
absl::StatusOr<std::unique_ptr<Codec>> JsonCodec(std::string bytes);

// A line as texts show it: what does not print is escaped, and there is not more than
// kBeginningBytesMax of it.
std::string Beginning(std::string_view line);

}  // namespace jackfield::lines

#endif  // JACKFIELD_TOOLS_LINES_CODEC_H_
