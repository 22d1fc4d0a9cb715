#include "kernel/loop/sys.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

std::string_view Name(Site site) {
  constexpr std::string_view kNames[] = {"socket",     "bind",  "listen", "accept",  "connect",
                                         "socketpair", "pipe2", "open",   "eventfd", "pidfd",
                                         "setsockopt", "read",  "write",  "poll"};
  return kNames[static_cast<size_t>(site)];
}

template <class Call>
int64_t Sys::Do(Site site, int fd, Call call) const {
  size_t bytes_max = SIZE_MAX;
  if (seam_ != nullptr) [[unlikely]] {
    const FaultSeam::Fault fault = seam_->Decide(site, fd);
    if (fault.error != 0) return -fault.error;
    bytes_max = std::max<size_t>(1, fault.bytes_max);
  }
  for (;;) {
    const int64_t result = call(bytes_max);
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

int64_t Sys::Read(int fd, void* to, size_t bytes) const {
  return Do(Site::kRead, fd, [=](size_t max) { return read(fd, to, std::min(bytes, max)); });
}

int64_t Sys::Writev(int fd, const iovec* parts, int count) const {
  return Do(Site::kWrite, fd, [=](size_t max) {
    if (max < parts[0].iov_len) return write(fd, parts[0].iov_base, max);
    if (count == 1) return write(fd, parts[0].iov_base, parts[0].iov_len);
    return writev(fd, parts, max == SIZE_MAX ? count : 1);
  });
}

int64_t Sys::Send(int fd, const void* from, size_t bytes) const {
  return Do(Site::kWrite, fd, [=](size_t max) {
    return send(fd, from, std::min(bytes, max), MSG_DONTWAIT | MSG_NOSIGNAL);
  });
}

int64_t Sys::Receive(int fd, void* to, size_t bytes) const {
  return Do(Site::kRead, fd,
            [=](size_t max) { return recv(fd, to, std::min(bytes, max), MSG_DONTWAIT); });
}

int64_t Sys::ReceiveMessage(int fd, msghdr* message) const {
  return Do(Site::kRead, fd, [=](size_t max) {
    if (message->msg_iovlen > 0)
      message->msg_iov[0].iov_len = std::min(message->msg_iov[0].iov_len, max);
    return recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  });
}

int64_t Sys::SendMessage(int fd, const msghdr* message) const {
  return Do(Site::kWrite, fd, [=](size_t max) {
    if (max >= SIZE_MAX || message->msg_iovlen == 0)
      return sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    msghdr shorter = *message;
    iovec first = message->msg_iov[0];
    first.iov_len = std::min(first.iov_len, max);
    shorter.msg_iov = &first;
    shorter.msg_iovlen = 1;
    return sendmsg(fd, &shorter, MSG_DONTWAIT | MSG_NOSIGNAL);
  });
}

int Sys::Socket(int family, int type, int protocol) const {
  return static_cast<int>(Do(Site::kSocket, -1, [=](size_t) {
    return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  }));
}

int Sys::Bind(int fd, const sockaddr* address, socklen_t bytes) const {
  return static_cast<int>(Do(Site::kBind, fd, [=](size_t) { return bind(fd, address, bytes); }));
}

int Sys::Listen(int fd, int backlog) const {
  return static_cast<int>(Do(Site::kListen, fd, [=](size_t) { return listen(fd, backlog); }));
}

int Sys::Accept(int fd, sockaddr* address, socklen_t* bytes) const {
  return static_cast<int>(Do(Site::kAccept, fd, [=](size_t) {
    return accept4(fd, address, bytes, SOCK_CLOEXEC | SOCK_NONBLOCK);
  }));
}

int Sys::Connect(int fd, const sockaddr* address, socklen_t bytes) const {
  return static_cast<int>(
      Do(Site::kConnect, fd, [=](size_t) { return connect(fd, address, bytes); }));
}

int Sys::SetOption(int fd, int level, int name, int value) const {
  return static_cast<int>(Do(Site::kSetOption, fd, [=](size_t) {
    return setsockopt(fd, level, name, &value, sizeof value);
  }));
}

int Sys::Pipe(int fds[2]) const {
  return static_cast<int>(
      Do(Site::kPipe, -1, [=](size_t) { return pipe2(fds, O_CLOEXEC | O_NONBLOCK); }));
}

int Sys::EventFd() const {
  return static_cast<int>(
      Do(Site::kEventFd, -1, [](size_t) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }));
}

int Sys::PidFd(int pid) const {
  return static_cast<int>(
      Do(Site::kPidFd, -1, [=](size_t) { return syscall(SYS_pidfd_open, pid, 0); }));
}

absl::Status SysError(int error, std::string_view what) {
  const char* name = strerrorname_np(error);
  const std::string text =
      // What ends in a bare address has its colon already: "serve tcp:".
      Text(what, what.ends_with(':') ? " " : ": ", strerror(error), " (",
           name == nullptr ? "?" : name, ")");
  switch (error) {
    case EMFILE:
      return Refused(Reason::kResource,
                     Text(text,
                          "; this process has as many descriptors as RLIMIT_NOFILE allows: "
                          "raise it with ulimit -n"));
    case ENFILE:
      return Refused(Reason::kResource,
                     Text(text, "; the system has as many open files as fs.file-max allows"));
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case EADDRNOTAVAIL:
      return Refused(Reason::kResource, text);
    case EACCES:
    case EPERM:
      return Refused(Reason::kPermission, text);
    case EADDRINUSE:
    case EEXIST:
      return absl::AlreadyExistsError(
          Text(text, "; another program serves there: stop it or choose another address"));
    case ECONNREFUSED:
      return Refused(Reason::kUnreachable, Text(text, "; is the service running?"));
    case ENOENT:
      return Refused(Reason::kUnreachable, text);
    case EHOSTUNREACH:
    case ETIMEDOUT:
      return Refused(Reason::kUnreachable,
                     Text(text, "; is that machine up, and does nothing on the way stop it?"));
    case ENETUNREACH:
    case ENETDOWN:
      return Refused(Reason::kUnreachable,
                     Text(text,
                          "; no way leads there from here: ip link and ip route show which "
                          "networks are up"));
    case ECONNRESET:
    case EPIPE:
      return MakeStatus(Outcome::kFailed, Reason::kPeerDied, text);
    default:
      return MakeStatus(Outcome::kFailed, Reason::kResource, text);
  }
}

}  // namespace jackfield
