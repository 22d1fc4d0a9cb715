#include "tools/supervisor/secret_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield {
namespace {

int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return errno;
    bytes.remove_prefix(static_cast<size_t>(written < 0 ? 0 : written));
  }
  return 0;
}

}  // namespace

absl::Status HandSecrets(const std::vector<Secret>& secrets, std::vector<OwnedFd>& handed,
                         Variables& environment) {
  for (const Secret& secret : secrets) {
    const std::string what = Text("hand over the secret ", secret.name);
    OwnedFd fd(memfd_create("secret", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.ok()) return SysError(errno, what);
    if (const int error = WriteAll(fd.get(), secret.content)) return SysError(error, what);
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (fchmod(fd.get(), 0400) != 0 || fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0)
      return SysError(errno, what);
    // Who reads the descriptor itself, and does not open the path, begins at its beginning.
    lseek(fd.get(), 0, SEEK_SET);
    environment.emplace_back(SecretVariable(secret.name), Text("/proc/self/fd/", fd.get()));
    handed.push_back(std::move(fd));
  }
  return absl::OkStatus();
}

}  // namespace jackfield
