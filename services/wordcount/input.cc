#include "services/wordcount/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel/node.h"
#include "kernel/text.h"

namespace jackfield::wordcount {
namespace {

absl::Status FileError(const std::string& path, int error) {
  const std::string text =
      Text("cannot read ", path == "-" ? "standard input" : Escaped(path), ": ", strerror(error));
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
  if (readable.pending) node.reactor().Cancel(readable);
  while (readable.pending) node.reactor().Wait(-1);
}

}  // namespace

absl::StatusOr<Input> Input::Open(const std::string& path) {
  Input input(path, OwnedFd(path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                        : open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
  struct stat what {};
  if (!input.fd_.ok() || fstat(input.fd_.get(), &what) != 0) return FileError(path, errno);
  if (S_ISDIR(what.st_mode)) return FileError(path, EISDIR);
  input.bytes_ = static_cast<uint64_t>(what.st_size);
  input.waits_ = !S_ISREG(what.st_mode);
  return input;
}

absl::StatusOr<size_t> Input::Read(Service& service, std::span<uint8_t> to) {
  for (;;) {
    if (waits_) WaitForText(service, fd_.get());
    if (service.stop_requested())
      return absl::CancelledError("asked to stop before the text was read");
    const ssize_t got = read(fd_.get(), to.data(), to.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return FileError(path_, errno);
  }
}

}  // namespace jackfield::wordcount
