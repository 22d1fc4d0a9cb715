// A file that a verb writes its result to: opened before the work, so that a name that cannot be is
// told at once.
//
// Thread: one at a time.
#ifndef JACKFIELD_TOOLS_CLI_OUT_FILE_H_
#define JACKFIELD_TOOLS_CLI_OUT_FILE_H_

#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace jackfield {

class OutFile {
 public:
  OutFile() = default;
  ~OutFile();
  OutFile(const OutFile&) = delete;

  // Empties it. Nothing: there will be no file. Errors: NOT_FOUND: its name and why.
  absl::Status Open(const std::optional<std::string>& name);
  bool open() const { return file_ != nullptr; }
  // Requires: open. Errors: UNKNOWN: its name and why.
  absl::Status Write(const std::string& text);

 private:
  std::string name_;
  std::FILE* file_ = nullptr;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_CLI_OUT_FILE_H_
