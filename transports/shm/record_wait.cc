#include "transports/shm/record_wait.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "kernel/base/outcome.h"
#include "transports/engine/fd_passing.h"

namespace jackfield {

RecordWait::RecordWait(Loop& loop, int socket_fd, std::span<std::byte> record, int64_t timeout_ns,
                       Done done, void* owner)
    : loop_(loop),
      record_(record),
      done_(done),
      owner_(owner),
      wait_(
          loop, OwnedFd(socket_fd),
          [](void* self, int32_t) { static_cast<RecordWait*>(self)->OnReady(); }, this),
      timer_(
          [](Timer& timer) {
            static_cast<RecordWait*>(timer.user)
                ->Finish(MakeStatus(Outcome::kRefused, Reason::kDeadline,
                                    "the other end said nothing in time"));
          },
          this) {
  wait_.Start();
  loop_.timers().Arm(timer_, loop_.clock().NowNs() + timeout_ns);
}

RecordWait::~RecordWait() {
  loop_.timers().Cancel(timer_);
  for (const int fd : fds_) close(fd);
}

void RecordWait::OnReady() {
  while (filled_bytes_ < record_.size()) {
    iovec part{record_.data() + filled_bytes_, record_.size() - filled_bytes_};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdControl control;
    control.Expect(message);
    const int64_t got = loop_.sys().ReceiveMessage(wait_.fd(), &message);
    if (got == -EAGAIN) return wait_.Start();
    if (got <= 0) {
      return Finish(MakeStatus(Outcome::kRefused, Reason::kUnreachable,
                               "the other end closed before it had said what it should"));
    }
    const std::vector<int> fds = FdControl::Take(message);
    fds_.insert(fds_.end(), fds.begin(), fds.end());
    if ((message.msg_flags & MSG_CTRUNC) != 0 || fds_.size() > kFdsMax) {
      return Finish(MakeStatus(
          Outcome::kRefused, Reason::kResource,
          "no room for the descriptors of a connection: raise RLIMIT_NOFILE with ulimit -n"));
    }
    filled_bytes_ += static_cast<size_t>(got);
  }
  Finish(absl::OkStatus());
}

// Last: the owner may destroy this.
void RecordWait::Finish(const absl::Status& status) {
  loop_.timers().Cancel(timer_);
  done_(owner_, status);
}

absl::Status SendRecord(const Sys& sys, int socket_fd, std::span<const std::byte> record,
                        std::span<const int> fds) {
  for (size_t sent_bytes = 0; sent_bytes < record.size();) {
    iovec part{const_cast<std::byte*>(record.data()) + sent_bytes, record.size() - sent_bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    FdControl control;
    if (sent_bytes == 0 && !fds.empty())
      control.Attach(message, fds.data(), static_cast<uint8_t>(fds.size()));
    const int64_t sent = sys.SendMessage(socket_fd, &message);
    if (sent < 0) return SysError(static_cast<int>(-sent), "sendmsg");
    sent_bytes += static_cast<size_t>(sent);
  }
  return absl::OkStatus();
}

}  // namespace jackfield
