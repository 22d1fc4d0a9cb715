// What builds a service: one entry of the key `build` of a wiring.
#ifndef JACKFIELD_TOOLS_WIRING_BUILD_STEP_H_
#define JACKFIELD_TOOLS_WIRING_BUILD_STEP_H_

#include <string>

namespace jackfield {

struct BuildStep {
  enum class How {
    kBazel,    // words behind `bazel build`: a label, and flags
    kCommand,  // a line for sh
  };
  How how = How::kCommand;
  std::string text;
  bool operator==(const BuildStep&) const = default;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_BUILD_STEP_H_
