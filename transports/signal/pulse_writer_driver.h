// The sending end of signal: — one-way frames become queued signals to one thread of one process.
//
// A full queue (RLIMIT_SIGPENDING, of the user whom the receiver runs as) refuses with EAGAIN and
// tells nobody when there is room again: it is tried again after kRetryNs. The receiver's death is
// noticed by its pidfd, and its pid is not signalled after that.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SIGNAL_PULSE_WRITER_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SIGNAL_PULSE_WRITER_DRIVER_H_

#include <cstdint>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_wait.h"
#include "transports/signal/pulse.h"

namespace jackfield {

// Whom to signal.
struct PulseTarget {
  int pid = 0;
  int thread = 0;  // of that process
  int signal = 0;
};

class PulseWriterDriver final : public LinkDriver {
 public:
  static constexpr int64_t kRetryNs = 1'000'000;

  // pid_fd: of the target's process. channel: of Pulse, another one for each channel of a process.
  PulseWriterDriver(Loop& loop, PulseTarget target, OwnedFd pid_fd, uint32_t channel);
  ~PulseWriterDriver() override { loop_.timers().Cancel(retry_); }

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  bool PeerLives() const;
  int64_t Send(const Pulse& pulse) const;
  void Finish(Link& link, absl::Status why);
  absl::Status Gone(const Link& link) const;

  Loop& loop_;
  const PulseTarget target_;
  const uint32_t channel_;
  std::unique_ptr<FdWait> wait_;  // for the peer's end; until our own
  Timer retry_;
  Link* link_ = nullptr;
  bool closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIGNAL_PULSE_WRITER_DRIVER_H_
