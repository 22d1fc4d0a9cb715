// The program of a service as a file of this machine.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_WIRING_PROGRAM_FILE_H_
#define JACKFIELD_TOOLS_WIRING_PROGRAM_FILE_H_

#include <string>
#include <string_view>

#include "tools/wiring/wiring.h"

namespace jackfield {

struct ProgramFault {
  std::string why;         // it cannot be run; "": it can, as far as can be seen
  bool not_there = false;  // which a build may change
};

// path: of the program of `service`, which the wiring of `file` runs.
ProgramFault WhyNotRun(const ServiceEntry& service, const std::string& file,
                       const std::string& path);

// Where the shell would find a program of that name, up to its last '/'; "./": nowhere.
std::string InPath(const std::string& program);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PROGRAM_FILE_H_
