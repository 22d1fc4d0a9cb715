// What a service's process finds around it, where that is not what whoever starts it has: env,
// env_file, secrets, cwd and limits.nofile of a wiring.
#ifndef JACKFIELD_TOOLS_WIRING_SURROUNDINGS_H_
#define JACKFIELD_TOOLS_WIRING_SURROUNDINGS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/wiring/environment.h"
#include "tools/wiring/secrets.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

struct Surroundings {
  Variables environment;         // beside those it inherits
  std::vector<Secret> secrets;   // each in a file of its own
  std::string directory;         // a whole path; "": inherited
  uint32_t descriptors_max = 0;  // 0: inherited
  bool inherited() const {
    return environment.empty() && secrets.empty() && directory.empty() && descriptors_max == 0;
  }
  bool operator==(const Surroundings&) const = default;
};

// One thing that is wrong, and where it is written.
using Fault = std::pair<Place, std::string>;

// Reads what `entry` says, seen from the directory `folder`, and checks it against this machine:
// files that cannot be read, directories that cannot be entered, more descriptors than this user's
// hard limit. What is wrong is added to `faults`, what a user should know to `notes`.
Surroundings SurroundingsOf(const ServiceEntry& entry, std::string_view folder,
                            std::vector<Fault>& faults, std::vector<std::string>& notes);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_SURROUNDINGS_H_
