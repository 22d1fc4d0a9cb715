// What the program `jackfield` contains, and how a command line finds its verb.
//
// main() builds one Program from three lists (transports, built-in services, verbs) and hands it
// down; a test builds a smaller one. A verb is one file in tools/verbs/.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_CLI_PROGRAM_H_
#define JACKFIELD_TOOLS_CLI_PROGRAM_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/registry.h"
#include "services/service.h"
#include "tools/cli/arguments.h"
#include "transports/machine.h"
#include "transports/resources.h"

namespace jackfield {

// Exit statuses, the same for every verb.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;  // it was tried and did not work
inline constexpr int kExitUsage = 2;   // the command or the wiring is wrong: nothing was started
inline constexpr int kExitUnreachable = 3;    // nobody serves there, or it is not to be reached
inline constexpr int kExitCallStatus = 64;    // and the absl::StatusCode that a call returned
inline constexpr int kExitInterrupted = 130;  // by ^C or SIGTERM

// A service that is linked into the program: `run = "NAME"` in a wiring file.
struct BuiltinService {
  std::string_view name;
  ServiceFunction run;
  std::string_view summary;  // one line
};

struct Program;

struct Verb {
  std::string_view name;
  std::string_view summary;          // one line, for the list of verbs
  std::string_view usage;            // what stands behind the verb: "FILE [-- ARGS…]"
  std::string_view description;      // more lines, for its own help; each ends with a newline
  std::span<const Flag> flags = {};  // beyond the common ones
  size_t operands_min = 0;
  size_t operands_max = 0;
  RestAllowed rest = RestAllowed::kNo;
  // One of both. `run` gets its arguments parsed by `flags`. `run_words` is for a verb that reads
  // its words itself: it gets all of them as main() would, the verb's name first, -h included.
  int (*run)(const Program& program, const Arguments& arguments) = nullptr;
  int (*run_words)(const Program& program, int argc, char** argv) = nullptr;
  bool hidden = false;  // not in the list: for the program's own use
};

struct Program {
  const Registry* registry = nullptr;  // outlives it
  ResourcesList resources;             // of the transports in it
  MachineChecks machine;               // and what they ask of the machine
  std::vector<BuiltinService> services;
  std::vector<Verb> verbs;
  std::string_view demo = {};  // the wiring that `jackfield demo` runs, as text; "": it has none
};

// The flags that every verb has: help, version, quiet, verbose.
std::span<const Flag> CommonFlags();
// For verbs whose output is data: -o table|json.
inline constexpr Flag kOutputFlag = {'o', "output", "FORMAT",
                                     "table (the default) or json, one object a line"};
enum class Output { kTable, kJson };
// Errors: INVALID_ARGUMENT.
absl::StatusOr<Output> OutputOf(const Arguments& arguments);

// Runs the verb that the words name. Returns the exit status.
int RunProgram(const Program& program, int argc, char** argv);

std::string HelpOfProgram(const Program& program);
std::string HelpOfVerb(const Verb& verb);
std::string_view VersionText();

// Prints "jackfield: SENTENCE" on stderr and returns `exit_status`. More lines of the text are
// printed as they are, each Shortened.
int Complain(int exit_status, std::string_view sentence);

// `line`, without its middle where it is longer than kLineBytesMax: a name that somebody got wrong
// may be as long as the file it came from, and what to do about it stands at the end.
inline constexpr size_t kLineBytesMax = 1000;
std::string Shortened(std::string_view line);

// `text` as a JSON string, quotes included.
std::string JsonString(std::string_view text);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_PROGRAM_H_
