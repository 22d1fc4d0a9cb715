#include "tools/bench/stop_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace jackfield::bench {

StopSignals::StopSignals() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, number);
  sigprocmask(SIG_BLOCK, &ends, &before_);
  fd_ = OwnedFd(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
}

StopSignals::~StopSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

bool StopSignals::Heard() {
  signalfd_siginfo info;
  return read(fd_.get(), &info, sizeof info) == sizeof info;
}

}  // namespace jackfield::bench
