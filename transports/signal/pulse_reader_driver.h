// The receiving end of signal: — pulses that this thread was sent become frames, rebuilt.
//
// What is no pulse (a plain kill, a siginfo of somebody else's making) and what is forged is
// dropped and counted; strange() tells.
//
// Thread: the node's, which is also the one that signals are sent to: signalfd(2) gives a thread
// its own and the process's.
#ifndef JACKFIELD_TRANSPORTS_SIGNAL_PULSE_READER_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SIGNAL_PULSE_READER_DRIVER_H_

#include <sys/signalfd.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/loop.h"
#include "transports/engine/fd_wait.h"
#include "transports/signal/pulse_senders.h"

namespace jackfield {

class PulseReaderDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kBatch = 64;  // pulses taken by one system call

  // after: called when the descriptor has been given up.
  PulseReaderDriver(Loop& loop, OwnedFd signal_fd, std::function<void()> after);
  ~PulseReaderDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

  uint64_t strange() const { return strange_; }

 private:
  void Read(Link& link);
  void Push(Link& link, const signalfd_siginfo& info);
  void Finish(Link& link, absl::Status why);

  Loop& loop_;
  const std::function<void()> after_;
  std::unique_ptr<FdWait> wait_;  // until the end
  Link* link_ = nullptr;
  Block block_;
  uint32_t used_ = 0;
  PulseSenders senders_;
  uint64_t strange_ = 0;
  bool closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIGNAL_PULSE_READER_DRIVER_H_
