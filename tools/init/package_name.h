// The name of a package that `jackfield init` writes: it becomes a file, a target, a service of a
// wiring, and a namespace in C++ and in the schema.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_INIT_PACKAGE_NAME_H_
#define JACKFIELD_TOOLS_INIT_PACKAGE_NAME_H_

#include <string_view>

#include "absl/status/status.h"

namespace jackfield {

inline constexpr size_t kPackageNameBytesMax = 64;

// Errors: INVALID_ARGUMENT, with the rule that it breaks: its letters, or a name that something
// else has already: a word of C++, a type of FlatBuffers, a function of the C library, a namespace
// that the package uses, a target in it.
absl::Status CheckPackageName(std::string_view name);

// The same of the folder that it lies in, as seen from the root of the workspace: "services/greet".
// Bazel and a wiring take any; this says which need no quoting anywhere.
absl::Status CheckPackageFolder(std::string_view folder);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_INIT_PACKAGE_NAME_H_
