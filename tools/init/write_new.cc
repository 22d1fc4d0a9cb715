#include "tools/init/write_new.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

namespace fs = std::filesystem;

// What was made until now: taken back unless all was.
class Made {
 public:
  ~Made() {
    std::error_code ignored;
    for (auto path = paths_.rbegin(); path != paths_.rend(); ++path) fs::remove(*path, ignored);
  }
  void Add(fs::path path) { paths_.push_back(std::move(path)); }
  void Keep() { paths_.clear(); }

 private:
  std::vector<fs::path> paths_;
};

absl::Status Refused(const fs::path& path, const std::string& why) {
  return absl::PermissionDeniedError(Text("cannot write ", Escaped(path.string()), ": ", why));
}

absl::Status MakeFolder(const fs::path& folder, Made& made) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  if (fs::exists(fs::symlink_status(folder, error))) return Refused(folder, "it is no folder");
  if (folder.has_relative_path()) {
    if (absl::Status above = MakeFolder(folder.parent_path(), made); !above.ok()) return above;
  }
  const bool is_new = fs::create_directory(folder, error);
  if (error) return Refused(folder, error.message());
  if (is_new) made.Add(folder);
  return absl::OkStatus();
}

// For whoever may read it. Where that fails it can be run by python3 FILE as well.
void MakeExecutable(int fd) {
  struct stat is;
  if (::fstat(fd, &is) == 0) ::fchmod(fd, is.st_mode | (is.st_mode & 0444) >> 2);
}

absl::Status MakeFile(const fs::path& path, const std::string& text, Made& made) {
  std::FILE* const file = std::fopen(path.c_str(), "wxe");
  if (file == nullptr) return Refused(path, std::strerror(errno));
  made.Add(path);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int write_error = errno;
  if (text.starts_with("#!")) MakeExecutable(::fileno(file));
  if (std::fclose(file) != 0) return Refused(path, std::strerror(errno));
  return written ? absl::OkStatus() : Refused(path, std::strerror(write_error));
}

}  // namespace

absl::Status WriteNewFiles(const fs::path& folder, std::span<const NewFile> files) {
  std::vector<std::string_view> present;
  for (const NewFile& file : files) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(folder / file.name, error))) present.push_back(file.name);
  }
  if (!present.empty()) {
    return absl::AlreadyExistsError(
        Text(Escaped(folder.string()), " has ", Listed(present), " already"));
  }
  Made made;
  if (absl::Status status = MakeFolder(folder, made); !status.ok()) return status;
  for (const NewFile& file : files) {
    absl::Status status = MakeFile(folder / file.name, file.text, made);
    if (!status.ok()) return status;
  }
  made.Keep();
  return absl::OkStatus();
}

}  // namespace jackfield
