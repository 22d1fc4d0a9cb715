#include "services/wordcount/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "jackfield/node.h"
#include "kernel/base/text.h"

namespace jackfield::wordcount {
namespace {

absl::Status FileError(const std::string& path, int error) {
  const std::string name = path == "-" ? "standard input" : Escaped(path);
  if (error == EMFILE || error == ENFILE) return SysError(error, Text("cannot read ", name));
  const std::string text = Text("cannot read ", name, ": ", strerror(error));
  return error == ENOENT   ? absl::NotFoundError(text)
         : error == EACCES ? absl::PermissionDeniedError(text)
                           : absl::FailedPreconditionError(text);
}

// Returns when there is something to read, or an end or an error to find, or the service is to
// stop.
void WaitForText(Service& service, int fd) {
  bool over = false;
  Op readable([](Op& op, int32_t) { *static_cast<bool*>(op.user) = true; }, &over);
  Node& node = service.node();
  node.reactor().Start(readable, fd, POLLIN);
  node.RunUntil([&] { return over || service.stop_requested(); });
  node.EndWait(readable);
}

}  // namespace

absl::Status Input::OpenFile() {
  fd_ = OwnedFd(path_ == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                             : open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat what {};
  if (!fd_.ok() || fstat(fd_.get(), &what) != 0) return FileError(path_, errno);
  if (S_ISDIR(what.st_mode)) return FileError(path_, EISDIR);
  bytes_ = static_cast<uint64_t>(what.st_size);
  waits_ = !S_ISREG(what.st_mode);
  return absl::OkStatus();
}

absl::StatusOr<Input> Input::Open(const std::string& path) {
  Input input(path);
  if (absl::Status status = input.OpenFile(); !status.ok()) return status;
  // What it was opened for is known; standard input goes on where it stands.
  if (!input.waits_ && path != "-") input.fd_.Close();
  return input;
}

absl::StatusOr<size_t> Input::Read(Service& service, std::span<uint8_t> to) {
  if (!fd_.ok()) {
    if (absl::Status status = OpenFile(); !status.ok()) return status;
  }
  for (;;) {
    if (waits_) WaitForText(service, fd_.get());
    if (service.stop_requested())
      return absl::CancelledError("asked to stop before the text was read");
    const ssize_t got = read(fd_.get(), to.data(), to.size());
    if (got == 0) fd_.Close();
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return FileError(path_, errno);
  }
}

}  // namespace jackfield::wordcount
