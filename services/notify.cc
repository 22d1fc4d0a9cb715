#include "services/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "kernel/loop/sys.h"

namespace jackfield {

absl::Status NotifyManager(std::string_view name, std::string_view state) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const bool named = name.size() > 1 && (name[0] == '/' || name[0] == '@');
  if (!named || name.size() >= sizeof address.sun_path)
    return absl::InvalidArgumentError(
        Text("NOTIFY_SOCKET is no socket's name: \"", Escaped(name), "\""));
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  const OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return SysError(errno, "socket");
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const ssize_t sent = sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), size);
  if (sent >= 0) return absl::OkStatus();
  return SysError(errno, Text("tell NOTIFY_SOCKET ", Escaped(name), " ", state));
}

}  // namespace jackfield
