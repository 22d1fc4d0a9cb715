#include "tools/cli/out_file.h"

#include <cerrno>
#include <cstring>

#include "kernel/base/text.h"

namespace jackfield {

OutFile::~OutFile() {
  if (file_ != nullptr) std::fclose(file_);
}

absl::Status OutFile::Open(const std::optional<std::string>& name) {
  if (!name.has_value()) return absl::OkStatus();
  name_ = *name;
  file_ = std::fopen(name_.c_str(), "we");
  if (file_ != nullptr) return absl::OkStatus();
  return absl::NotFoundError(Text("cannot write ", Escaped(name_), ": ", std::strerror(errno)));
}

absl::Status OutFile::Write(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size();
  if (written && std::fflush(file_) == 0) return absl::OkStatus();
  return absl::UnknownError(Text("cannot write ", Escaped(name_), ": ", std::strerror(errno)));
}

}  // namespace jackfield
