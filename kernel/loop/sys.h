// The system calls that transports make, each through the fault seam. Results are as in io_uring: ≥
// 0, or -errno. EINTR is retried here, so no caller sees it. Descriptors are made close-on-exec
// and, where it applies, non-blocking.
//
// Thread: the node's.
#ifndef JACKFIELD_KERNEL_LOOP_SYS_H_
#define JACKFIELD_KERNEL_LOOP_SYS_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "kernel/loop/fault_seam.h"

namespace jackfield {

class Sys {
 public:
  explicit Sys(FaultSeam* seam) : seam_(seam) {}

  int64_t Read(int fd, void* to, size_t bytes) const;
  int64_t Writev(int fd, const iovec* parts, int count) const;
  // MSG_DONTWAIT; SIGPIPE is never raised.
  int64_t Send(int fd, const void* from, size_t bytes) const;
  int64_t Receive(int fd, void* to, size_t bytes) const;
  int64_t ReceiveMessage(int fd, msghdr* message) const;  // descriptors that come are close-on-exec
  int64_t SendMessage(int fd, const msghdr* message) const;

  int Socket(int family, int type, int protocol) const;
  int Bind(int fd, const sockaddr* address, socklen_t bytes) const;
  int Listen(int fd, int backlog) const;
  int Accept(int fd, sockaddr* address, socklen_t* bytes) const;
  int Connect(int fd, const sockaddr* address, socklen_t bytes) const;
  int SetOption(int fd, int level, int name, int value) const;
  int Pipe(int fds[2]) const;
  int EventFd() const;
  int PidFd(int pid) const;

  FaultSeam* seam() const { return seam_; }

 private:
  template <class Call>
  int64_t Do(Site site, int fd, Call call) const;

  FaultSeam* const seam_;
};

// A status for a failed system call that a user caused or can mend: "bind unix:@kv: Address already
// in use (EADDRINUSE); …". `error` is positive. The code and the advice are chosen from it (EMFILE
// names RLIMIT_NOFILE, and so on).
absl::Status SysError(int error, std::string_view what);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_SYS_H_
