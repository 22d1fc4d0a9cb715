// The help as manual pages, made of the same tables: jackfield(1) for the program,
// jackfield-VERB(1) for each verb. Text for groff and mandoc; every character beyond ASCII is
// written by its number.
//
//   jackfield help --man up >jackfield-up.1 && man -l jackfield-up.1
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_CLI_MAN_H_
#define JACKFIELD_TOOLS_CLI_MAN_H_

#include <string>

#include "tools/cli/program.h"

namespace jackfield {

std::string ManOfProgram(const Program& program);
std::string ManOfVerb(const Verb& verb);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_MAN_H_
