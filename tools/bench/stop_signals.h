// ^C, SIGTERM and SIGHUP as something to ask about, so that a run is ended in order.
//
// Thread: the one that starts the sides.
#ifndef JACKFIELD_TOOLS_BENCH_STOP_SIGNALS_H_
#define JACKFIELD_TOOLS_BENCH_STOP_SIGNALS_H_

#include <csignal>

#include "kernel/base/owned_fd.h"

namespace jackfield::bench {

// While it lives these signals are not delivered but heard here. Several may live at once: each
// signal is heard by one of them.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  int fd() const { return fd_.get(); }  // readable: there is one to hear
  // Has one come? Each is heard once.
  bool Heard();

 private:
  sigset_t before_;
  OwnedFd fd_;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_STOP_SIGNALS_H_
