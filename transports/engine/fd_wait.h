// A descriptor and the wait for it, for an owner that may go at any moment, also while the reactor
// still refers to both: then they live on together until the reactor has let go of them.
//
// Thread: the node's. Owns: the descriptor.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_
#define JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_

#include <cstdint>

#include "kernel/base/owned_fd.h"
#include "kernel/loop/loop.h"

namespace jackfield {

class FdWait {
 public:
  using Ready = void (*)(void* user, int32_t result);

  // `ready(user, …)` is called when a wait ends, as Op::done; never after this object has gone. It
  // may destroy this object.
  FdWait(Loop& loop, OwnedFd fd, Ready ready, void* user);
  ~FdWait();
  FdWait(const FdWait&) = delete;

  // Does nothing while a wait is under way. events: as Reactor::Start; 0 waits for errors and
  // hang-up alone.
  void Start(uint32_t events = POLLIN);
  bool pending() const;
  int fd() const;
  // Gives the descriptor away. Requires: !pending().
  OwnedFd Take();

 private:
  struct State;
  Loop& loop_;
  State* state_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_
