// The help as data: verbs, their flags, the built-in services. For editors, generators of manuals,
// and whoever wants to know what there is.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_CLI_HELP_JSON_H_
#define JACKFIELD_TOOLS_CLI_HELP_JSON_H_

#include <string>

#include "tools/cli/program.h"

namespace jackfield {

// One JSON object each, and a newline. A flag's "letter" and "value" are "" where it has none.
//
//   {"verbs":[VERB…],"flags":[FLAG…],"services":[{"name":…,"summary":…}…]}, flags: of every verb
//   {"name":…,"summary":…,"usage":…,"description":…,"flags":[FLAG…]}
//   FLAG: {"name":…,"letter":…,"value":…,"repeats":true|false,"help":…}
std::string HelpOfProgramAsJson(const Program& program);
std::string HelpOfVerbAsJson(const Verb& verb);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_HELP_JSON_H_
