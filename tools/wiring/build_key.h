// The key `build` of a service: what `jackfield up` does before it starts anything.
//
//   build = "//services/kv --config=opt"      # words behind `bazel build`, in the file's workspace
//   build = "make -C ../kv"                   # a line for sh, in the file's directory
//   build = ["//services/kv", "./schema.sh"]  # several, in this order
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_BUILD_KEY_H_
#define JACKFIELD_TOOLS_WIRING_BUILD_KEY_H_

#include <cstddef>

#include "tools/wiring/findings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

inline constexpr size_t kBuildStepsMax = 16;  // of one service

// Reads the key of `service`. What is wrong with it goes to `findings`.
void ReadBuild(const Entry& entry, ServiceEntry& service, Findings& findings);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_BUILD_KEY_H_
