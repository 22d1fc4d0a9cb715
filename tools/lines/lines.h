// The built-in service `lines`: any program that reads a line and answers with one, as a service.
//
//   run = ["lines", "--", "./upper.sh"]                                   in a wiring
//   run = ["lines", "--schema", "kv.fbs", "--", "./kv.py", "--dir", "."]  with an interface of its
//   own
//
// Thread: the node's. It blocks.
#ifndef JACKFIELD_TOOLS_LINES_LINES_H_
#define JACKFIELD_TOOLS_LINES_LINES_H_

#include <span>
#include <string>

#include "services/service.h"
#include "tools/cli/arguments.h"

namespace jackfield::lines {

inline constexpr Flag kSchemaFlag = {
    '\0', "schema", "FILE",
    "the interface, .fbs or .bfbs; a call is a line of JSON then, and its answer one"};
// What it serves and where is a line on stderr, for who has no supervisor to tell it.
inline constexpr Flag kAnnounceFlag = {'\0', "announce", "", "say on stderr where it serves"};

// What RunLines would find wrong with its arguments before it starts anything: the words, the
// schema, the program. Errors: as there.
absl::Status CheckLines(std::span<const std::string> args);

// Its arguments: [--schema FILE] [--announce] -- CMD [ARGS…].
// Errors: INVALID_ARGUMENT (these, or the schema), NOT_FOUND (the schema, the program);
// INTERNAL: the program has ended too often in a row; those of Service::Serve.
absl::Status RunLines(Service& service);

}  // namespace jackfield::lines

#endif  // JACKFIELD_TOOLS_LINES_LINES_H_
