#include <liburing.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "kernel/loop/reactor.h"

namespace jackfield {
namespace {

// What io_uring_enter refuses for want of memory may succeed a little later: after so many times in
// a row, and as many pauses, it is taken to be refused for good.
constexpr int kRefusalsMax = 64;
constexpr long kPauseNs = 1'000'000;

constexpr int kFailedFd = INT32_MIN;  // of an op whose result is known

bool MayPass(int error) { return error == EAGAIN || error == EBUSY || error == ENOMEM; }

// One ring per node. DEFER_TASKRUN leaves completions to the thread that waits; TASKRUN_FLAG tells
// in shared memory whether there are any, so that a loop that is awake asks the kernel only when it
// answers (io_uring_setup(2), Linux 6.1).
class UringReactor final : public Reactor {
 public:
  explicit UringReactor(const Sys& sys) : sys_(sys) {}

  ~UringReactor() override {
    if (ready_) io_uring_queue_exit(&ring_);
  }

  int Init(uint32_t entries) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                   IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = entries * 4;
    if (const int error = io_uring_queue_init_params(entries, &ring_, &params); error < 0)
      return error;
    ready_ = true;
    io_uring_ring_dontfork(&ring_);
    io_uring_register_ring_fd(&ring_);  // saves a look-up per call; may fail harmlessly
    return 0;
  }

  // A sandbox may allow to set a ring up, and then refuse to enter it.
  int TryToEnter() {
    int error = -EINTR;
    for (int tries = 0; error == -EINTR && tries < kRefusalsMax; ++tries)
      error = io_uring_get_events(&ring_);
    return std::min(error, 0);
  }

  std::string_view name() const override { return "io_uring"; }

  void Start(Op& op, int fd, uint32_t events) override {
    op.pending = true;
    op.fd = fd;
    op.events = events;
    ++pending_;
    if (sys_.seam() != nullptr) {
      const FaultSeam::Fault fault = sys_.seam()->Decide(Site::kPoll, fd);
      if (fault.error != 0) return FailLater(op, -fault.error);
    }
    op.previous = nullptr;
    op.next = ops_;
    if (ops_ != nullptr) ops_->previous = &op;
    ops_ = &op;
    io_uring_sqe* sqe = GetSqe();
    if (sqe == nullptr) return;  // MoveTo takes it along
    io_uring_prep_poll_add(sqe, fd, events);
    io_uring_sqe_set_data(sqe, &op);
  }

  void Cancel(Op& op) override {
    if (!op.pending || op.fd == kFailedFd ||
        std::find(cancelling_.begin(), cancelling_.end(), &op) != cancelling_.end())
      return;
    if (refused_ != 0) {
      Unlink(op);
      return FailLater(op, -ECANCELED);
    }
    cancelling_.push_back(&op);
    SubmitCancel(&op);
  }

  bool MayHaveCompletions() override {
    return failed_ != nullptr || io_uring_sq_ready(&ring_) != 0 || io_uring_cq_ready(&ring_) != 0 ||
           (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) !=
               0;
  }

  bool costs_to_ask() const override { return false; }

  int Poll() override {
    if (!MayHaveCompletions()) return 0;
    if (refused_ == 0) Entered(io_uring_submit_and_get_events(&ring_));
    return Reaped();
  }

  int Wait(int64_t timeout_ns) override {
    if (failed_ != nullptr || refused_ != 0) return Poll();
    io_uring_cqe* cqe = nullptr;
    if (timeout_ns < 0) {
      Entered(io_uring_submit_and_wait(&ring_, 1));
    } else {
      __kernel_timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
      Entered(io_uring_submit_and_wait_timeout(&ring_, &cqe, 1, &timeout, nullptr));
    }
    return Reaped();  // EINTR and ETIME: the caller looks at the clock anyway
  }

  int fd() const override { return ring_.ring_fd; }
  // Neither the ring nor an eventfd of it tells reliably of completions that wait for their thread
  // (DEFER_TASKRUN): who sleeps elsewhere needs epoll, and here is asked to come back at once.
  bool Flush() override {
    if (failed_ == nullptr && refused_ == 0) Entered(io_uring_submit(&ring_));
    return false;
  }

  void MoveTo(Reactor& other) override {
    for (Op* op : std::exchange(cancelling_, {})) {
      Unlink(*op);
      FailLater(*op, -ECANCELED);
    }
    for (Op* op = std::exchange(ops_, nullptr); op != nullptr;) {
      Op* const next = op->next;
      --pending_;
      other.Start(*op, op->fd, op->events);
      op = next;
    }
    // Last: who is told may cancel what has moved.
    CompleteFailed();
  }

  uint32_t pending() const override { return pending_; }

 private:
  static constexpr uint64_t kCancelBit = 1;  // in user_data, beside the address of the Op

  io_uring_sqe* GetSqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    while (sqe == nullptr && refused_ == 0) {  // the queue is full: hand it over and go on
      Entered(io_uring_submit(&ring_));
      sqe = io_uring_get_sqe(&ring_);
    }
    return sqe;
  }

  // What io_uring_enter answered.
  void Entered(int result) {
    if (result >= 0) [[likely]]
      refusals_ = 0;
    else
      OnRefused(-result);
  }
  void OnRefused(int error) {
    if (error == EINTR || error == ETIME) return;
    if (MayPass(error) && ++refusals_ < kRefusalsMax) {
      const timespec pause{0, kPauseNs};
      nanosleep(&pause, nullptr);
      return;
    }
    refused_ = error;
  }

  int Reaped() {
    const int count = CompleteFailed() + Reap();
    return count > 0 || refused_ == 0 ? count : -refused_;
  }

  int CompleteFailed() {
    int count = 0;
    for (Op* op = std::exchange(failed_, nullptr);
         op != nullptr;) {  // one that fails again waits for the next time
      Op* const next = op->next;
      count += Complete(*op, static_cast<int32_t>(op->events));
      op = next;
    }
    return count;
  }

  int Reap() {
    int count = 0;
    io_uring_cqe* cqes[64];
    unsigned got;
    while ((got = io_uring_peek_batch_cqe(&ring_, cqes, 64)) > 0) {
      for (unsigned i = 0; i < got; ++i) {
        const uint64_t data = cqes[i]->user_data;
        const int32_t result = cqes[i]->res;
        if ((data & kCancelBit) != 0) {
          OnCancelResult(reinterpret_cast<Op*>(data & ~kCancelBit), result);
        } else {
          Op& op = *reinterpret_cast<Op*>(data);
          Unlink(op);
          count += Complete(op, result);
        }
      }
      io_uring_cq_advance(&ring_, got);
    }
    return count;
  }

  void SubmitCancel(Op* op) {
    io_uring_sqe* sqe = GetSqe();
    if (sqe == nullptr) return;  // MoveTo knows
    io_uring_prep_poll_remove(sqe, reinterpret_cast<uint64_t>(op));
    sqe->user_data = reinterpret_cast<uint64_t>(op) | kCancelBit;
  }

  // A wait that is just being woken cannot be removed (EALREADY). If what woke it turns out to be
  // gone, because a plain read was faster, the kernel goes on waiting: so the removal is tried
  // again. `op` may be gone: it is only compared.
  void OnCancelResult(Op* op, int32_t result) {
    if (result == -EALREADY &&
        std::find(cancelling_.begin(), cancelling_.end(), op) != cancelling_.end())
      SubmitCancel(op);
  }

  void Unlink(Op& op) {
    (op.previous == nullptr ? ops_ : op.previous->next) = op.next;
    if (op.next != nullptr) op.next->previous = op.previous;
  }

  void FailLater(Op& op, int error) {
    op.fd = kFailedFd;
    op.events = static_cast<uint32_t>(error);
    op.next = failed_;
    failed_ = &op;
  }

  int Complete(Op& op, int32_t result) {
    op.pending = false;
    --pending_;
    if (!cancelling_.empty()) std::erase(cancelling_, &op);
    op.done(op, result);
    return 1;
  }

  const Sys& sys_;
  io_uring ring_{};
  bool ready_ = false;
  uint32_t pending_ = 0;
  int refusals_ = 0;             // of io_uring_enter, in a row
  int refused_ = 0;              // an errno: it refuses for good
  Op* ops_ = nullptr;            // that the ring has, or would have; the newest first
  Op* failed_ = nullptr;         // whose result is known, in `events`
  std::vector<Op*> cancelling_;  // of ops_
};

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> MakeUringReactor(const Sys& sys, uint32_t entries) {
  auto reactor = std::make_unique<UringReactor>(sys);
  int error = reactor->Init(entries);
  if (error == 0) {
    error = reactor->TryToEnter();
    if (error < 0 && error != -EPERM)
      return SysError(-error, "io_uring: it can be set up, but not entered");
  }
  if (error < 0) {
    if (error == -EMFILE || error == -ENFILE) return SysError(-error, "io_uring");
    const char* why =
        error == -EPERM
            ? "forbidden here (kernel.io_uring_disabled or a container's seccomp profile)"
        : error == -ENOSYS ? "this kernel has none"
        : error == -EINVAL ? "this kernel's is older than Linux 6.1"
                           : strerror(-error);
    return Refused(Reason::kResource, Text("io_uring: ", why));
  }
  return reactor;
}

}  // namespace jackfield
