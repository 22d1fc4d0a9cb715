#include "transports/signal/pulse_writer_driver.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"
#include "transports/engine/seamed.h"

namespace jackfield {

PulseWriterDriver::PulseWriterDriver(Loop& loop, PulseTarget target, OwnedFd pid_fd,
                                     uint32_t channel)
    : loop_(loop),
      target_(target),
      channel_(channel),
      wait_(std::make_unique<FdWait>(
          loop, std::move(pid_fd),
          [](void* user, int32_t) { static_cast<PulseWriterDriver*>(user)->link_->Wake(); }, this)),
      retry_([](Timer& timer) { static_cast<PulseWriterDriver*>(timer.user)->link_->Wake(); },
             this) {}

bool PulseWriterDriver::PeerLives() const {
  pollfd wait{wait_->fd(), POLLIN, 0};
  int ready;
  do {
    ready = poll(&wait, 1, 0);  // a signal ends even one that does not wait
  } while (ready < 0 && errno == EINTR);
  return ready == 0;
}

absl::Status PulseWriterDriver::Gone(const Link& link) const {
  return MakeStatus(Outcome::kFailed, Reason::kPeerDied,
                    Text(link.traits().description, ": process ", target_.pid, " has ended"));
}

void PulseWriterDriver::Pump(Link& link) {
  link_ = &link;
  if (closed_) return;
  if ((link.has_tx() || !wait_->pending()) && !PeerLives()) return Finish(link, Gone(link));
  while (link.has_tx()) {
    const std::byte* frame = link.NextTx().data;
    if (const char* fault = PulseFault(CopyHeader(frame)); fault != nullptr)
      return Finish(link, MakeStatus(Outcome::kRefused, Reason::kMisuse,
                                     Text(link.traits().description, ": ", fault)));
    const int64_t sent = Send(PulseOf(frame, channel_));
    if (sent == -EAGAIN) {
      loop_.timers().Arm(retry_, loop_.clock().NowNs() + kRetryNs);
      break;
    }
    if (sent == -ESRCH) return Finish(link, Gone(link));
    if (sent < 0)
      return Finish(link, SysError(static_cast<int>(-sent),
                                   Text("signal ", link.traits().description,
                                        " (only a process of the same user can be sent pulses)")));
    link.PopTx(1);
  }
  if (link.resting() && !wait_->pending()) wait_->Start(POLLIN);
}

int64_t PulseWriterDriver::Send(const Pulse& pulse) const {
  siginfo_t info{};
  info.si_signo = target_.signal;
  info.si_code = SI_QUEUE;
  info.si_errno = static_cast<int>(pulse.errno_word);
  info.si_pid = getpid();
  info.si_uid = geteuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(pulse.value);
  return ThroughSeam(loop_.sys(), Site::kWrite, -1, [&] {
    return syscall(SYS_rt_tgsigqueueinfo, target_.pid, target_.thread, target_.signal, &info);
  });
}

void PulseWriterDriver::Finish(Link& link, absl::Status why) {
  if (std::exchange(closed_, true)) return;
  loop_.timers().Cancel(retry_);
  wait_.reset();
  link.Closed(std::move(why));
}

void PulseWriterDriver::Close(Link& link) {
  Finish(link, MakeStatus(Outcome::kRefused, Reason::kClosed,
                          Text(link.traits().description, ": closed")));
}

}  // namespace jackfield
