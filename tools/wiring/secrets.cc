#include "tools/wiring/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"

namespace jackfield {

std::string SecretVariable(std::string_view name) { return Text(name, "_FILE"); }

absl::StatusOr<Secret> ReadSecret(std::string_view name, const std::string& path) {
  const auto cannot = [&](int error) {
    const std::string text =
        Text("cannot read the secret ", name, ", ", Escaped(path), ": ", std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
  };
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.ok()) return cannot(errno);
  struct stat is {};
  if (fstat(fd.get(), &is) != 0) return cannot(errno);
  if (!S_ISREG(is.st_mode))
    return absl::InvalidArgumentError(
        Text("the secret ", name, " is to be a file, and ", Escaped(path), " is none"));
  Secret secret{.name = std::string(name), .path = path, .content = {}};
  char part[4096];
  ssize_t got = 0;
  while (secret.content.size() <= kSecretBytesMax && (got = read(fd.get(), part, sizeof part)) > 0)
    secret.content.append(part, static_cast<size_t>(got));
  if (got < 0) return cannot(errno);
  if (secret.content.size() > kSecretBytesMax)
    return absl::InvalidArgumentError(Text("the secret ", name, ", ", Escaped(path),
                                           ", is larger than ", kSecretBytesMax >> 10, " KiB"));
  return secret;
}

std::string WhoElseReads(const Secret& secret) {
  struct stat is {};
  if (stat(secret.path.c_str(), &is) != 0 || (is.st_mode & 044) == 0) return "";
  char mode[8];
  std::snprintf(mode, sizeof mode, "%03o", static_cast<unsigned>(is.st_mode & 0777));
  return Text("the secret ", secret.name, " is open to others: ", Escaped(secret.path),
              " has mode ", mode, "; try: chmod 600 ", Escaped(secret.path));
}

}  // namespace jackfield
