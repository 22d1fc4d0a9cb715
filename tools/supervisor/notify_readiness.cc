#include "tools/supervisor/notify_readiness.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include "kernel/loop/sys.h"

namespace jackfield {
namespace {

constexpr size_t kDatagramBytesMax = 4096;

bool SaysReady(std::string_view text) {
  constexpr std::string_view kReady = "READY=1";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line == kReady) return true;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return false;
}

// Is it of a process of this user, or of root?
bool IsOurs(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred who{};
    std::memcpy(&who, CMSG_DATA(part), sizeof who);
    return who.uid == geteuid() || who.uid == 0;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Readiness>> NotifyReadiness::Make(Node& node,
                                                                 std::function<void()> found) {
  OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return SysError(errno, "socket for NOTIFY_SOCKET");
  const int on = 1;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  socklen_t bytes = sizeof name.sun_family;  // the system chooses an abstract name (unix(7))
  if (setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      bind(fd.get(), reinterpret_cast<sockaddr*>(&name), bytes) != 0)
    return SysError(errno, "bind NOTIFY_SOCKET");
  bytes = sizeof name;
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &bytes) != 0)
    return SysError(errno, "getsockname of NOTIFY_SOCKET");
  std::string place(name.sun_path, bytes - offsetof(sockaddr_un, sun_path));
  place[0] = '@';
  return std::unique_ptr<Readiness>(
      new NotifyReadiness(node, std::move(fd), std::move(place), std::move(found)));
}

NotifyReadiness::NotifyReadiness(Node& node, OwnedFd fd, std::string place,
                                 std::function<void()> found)
    : node_(node),
      fd_(std::move(fd)),
      place_(std::move(place)),
      found_(std::move(found)),
      op_(
          [](Op& op, int32_t result) {
            if (result >= 0) static_cast<NotifyReadiness*>(op.user)->Read();
          },
          this) {}

NotifyReadiness::~NotifyReadiness() { node_.EndWait(op_); }

void NotifyReadiness::Begin() { node_.reactor().Start(op_, fd_.get(), POLLIN); }

void NotifyReadiness::Read() {
  char bytes[kDatagramBytesMax];
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  for (;;) {
    iovec part{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    if (IsOurs(message) && SaysReady(std::string_view(bytes, static_cast<size_t>(got))))
      return found_();
  }
  Begin();
}

}  // namespace jackfield
