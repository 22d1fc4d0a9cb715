#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "kernel/loop/reactor.h"

namespace jackfield {
namespace {

// The twin of io_uring for systems that forbid it. epoll knows descriptors, not operations, so a
// table by descriptor holds the (at most two) operations of each; registrations are one-shot. The
// table grows with the largest descriptor that was ever waited for, and not below kDescriptors.
class EpollReactor final : public Reactor {
 public:
  EpollReactor(const Sys& sys, int epoll_fd) : sys_(sys), epoll_fd_(epoll_fd) {
    watches_.resize(kDescriptors);
  }
  ~EpollReactor() override {
    // Somebody has closed it; the number may be another's by now.
    if (refused_ != EBADF && refused_ != EINVAL) close(epoll_fd_);
  }

  std::string_view name() const override { return "epoll"; }

  void Start(Op& op, int fd, uint32_t events) override {
    op.pending = true;
    op.fd = fd;
    op.events = events;
    ++pending_;
    if (sys_.seam() != nullptr) {
      const FaultSeam::Fault fault = sys_.seam()->Decide(Site::kPoll, fd);
      if (fault.error != 0) return FailLater(op, -fault.error);
    }
    if (fd < 0) return FailLater(op, -EBADF);  // as io_uring says
    if (static_cast<size_t>(fd) >= watches_.size())
      watches_.resize(std::max(static_cast<size_t>(fd) + 1, 2 * watches_.size()));
    Watch& watch = watches_[static_cast<size_t>(fd)];
    Op*& place = (events & POLLIN) != 0 ? watch.in : watch.out;
    place = &op;
    if (const int error = Register(fd, watch); error < 0) {
      place = nullptr;
      FailLater(op, error);
    }
  }

  void Cancel(Op& op) override {
    if (!op.pending) return;
    Watch* watch = Find(op.fd);
    if (watch == nullptr || (watch->in != &op && watch->out != &op)) return;  // already failed
    (watch->in == &op ? watch->in : watch->out) = nullptr;
    if (watch->in == nullptr && watch->out == nullptr) {
      epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, op.fd, nullptr);
      *watch = Watch();
    } else {
      Register(op.fd, *watch);
    }
    FailLater(op, -ECANCELED);
  }

  bool MayHaveCompletions() override { return true; }
  bool costs_to_ask() const override { return true; }
  int Poll() override { return Take(0); }
  int Wait(int64_t timeout_ns) override { return Take(failed_ != nullptr ? 0 : timeout_ns); }

  int fd() const override { return epoll_fd_; }
  bool Flush() override { return failed_ == nullptr && refused_ == 0; }

  void MoveTo(Reactor& other) override {
    for (Watch& watch : watches_) {
      for (Op* op : {std::exchange(watch.in, nullptr), std::exchange(watch.out, nullptr)}) {
        if (op == nullptr) continue;
        --pending_;
        other.Start(*op, op->fd, op->events);
      }
    }
    // Last: who is told may cancel what has moved.
    CompleteFailed();
  }

  uint32_t pending() const override { return pending_; }

 private:
  static constexpr size_t kDescriptors = 256;
  struct Watch {
    Op* in = nullptr;
    Op* out = nullptr;
    bool known = false;  // to epoll
  };

  Watch* Find(int fd) {
    return static_cast<size_t>(fd) < watches_.size() ? &watches_[static_cast<size_t>(fd)] : nullptr;
  }

  // POLLIN … and EPOLLIN … have the same values on Linux (epoll.h).
  int Register(int fd, Watch& watch) {
    epoll_event event{};
    event.events = EPOLLONESHOT | (watch.in != nullptr ? watch.in->events : 0) |
                   (watch.out != nullptr ? watch.out->events : 0);
    event.data.fd = fd;
    int result = epoll_ctl(epoll_fd_, watch.known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    // The number may have been closed and opened again since: epoll forgot it, or knows it still.
    if (result < 0 && errno == ENOENT) result = epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event);
    if (result < 0 && errno == EEXIST) result = epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
    watch.known = result == 0;
    return result < 0 ? -errno : 0;
  }

  void FailLater(Op& op, int error) {
    op.events = static_cast<uint32_t>(error);
    op.next = failed_;
    failed_ = &op;
  }

  int Take(int64_t timeout_ns) {
    epoll_event events[64];
    int got = refused_ != 0 ? 0 : WaitFor(events, timeout_ns);
    if (got < 0 && errno != EINTR) refused_ = errno;
    int count = CompleteFailed();
    for (int i = 0; i < got; ++i) count += Ready(events[i].data.fd, events[i].events);
    return count > 0 || refused_ == 0 ? count : -refused_;
  }

  int WaitFor(epoll_event (&events)[64], int64_t timeout_ns) {
    if (timeout_ns <= 0) return epoll_wait(epoll_fd_, events, 64, timeout_ns < 0 ? -1 : 0);
    if (has_pwait2_) {
      const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
      const int got = epoll_pwait2(epoll_fd_, events, 64, &timeout, nullptr);
      if (got >= 0 || errno == EINTR) return got;
      has_pwait2_ = false;  // Linux 5.11; and some sandboxes forbid what they do not know
    }
    const int64_t timeout_ms = std::min<int64_t>(timeout_ns / 1'000'000 + 1, INT32_MAX);
    return epoll_wait(epoll_fd_, events, 64, static_cast<int>(timeout_ms));
  }

  int CompleteFailed() {
    int count = 0;
    for (Op* op = std::exchange(failed_, nullptr); op != nullptr;) {
      Op* next = op->next;
      count += Complete(*op, static_cast<int32_t>(op->events));
      op = next;
    }
    return count;
  }

  int Ready(int fd, uint32_t ready) {
    Watch* const known = Find(fd);
    if (known == nullptr) return 0;
    Watch& watch = *known;
    const bool broken = (ready & (POLLERR | POLLHUP)) != 0;
    Op* in = watch.in != nullptr && (broken || (ready & watch.in->events) != 0)
                 ? std::exchange(watch.in, nullptr)
                 : nullptr;
    Op* out = watch.out != nullptr && (broken || (ready & watch.out->events) != 0)
                  ? std::exchange(watch.out, nullptr)
                  : nullptr;
    if (watch.in != nullptr || watch.out != nullptr)
      Register(fd, watch);  // one-shot: arm the other again
    int count = 0;
    if (in != nullptr) count += Complete(*in, static_cast<int32_t>(ready));
    if (out != nullptr) count += Complete(*out, static_cast<int32_t>(ready));
    return count;
  }

  int Complete(Op& op, int32_t result) {
    op.pending = false;
    --pending_;
    op.done(op, result);
    return 1;
  }

  const Sys& sys_;
  const int epoll_fd_;
  std::vector<Watch> watches_;
  uint32_t pending_ = 0;
  Op* failed_ = nullptr;
  bool has_pwait2_ = true;
  int refused_ = 0;  // an errno: epoll_wait refuses for good
};

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> MakeEpollReactor(const Sys& sys) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return SysError(errno, "epoll_create1");
  auto reactor = std::make_unique<EpollReactor>(sys, epoll_fd);
  if (const int error = reactor->Poll(); error < 0) return SysError(-error, "epoll_wait");
  return reactor;
}

}  // namespace jackfield
