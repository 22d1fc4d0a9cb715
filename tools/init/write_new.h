// Writes files that are all new, or none.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_INIT_WRITE_NEW_H_
#define JACKFIELD_TOOLS_INIT_WRITE_NEW_H_

#include <filesystem>
#include <span>

#include "absl/status/status.h"
#include "tools/init/package.h"

namespace jackfield {

// Makes `folder`, with those above it that are missing, and `files` in it; those that begin with
// "#!" are executable. When it fails nothing that it made is left, and what was there is as it was.
// Errors: ALREADY_EXISTS (names the files that are there), PERMISSION_DENIED (the system refuses a
// folder or a file; says why).
absl::Status WriteNewFiles(const std::filesystem::path& folder, std::span<const NewFile> files);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_INIT_WRITE_NEW_H_
