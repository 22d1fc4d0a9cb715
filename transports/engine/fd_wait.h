// Waits until a descriptor is readable, for an owner that may be destroyed meanwhile: the wait is
// then cancelled, and what the reactor still refers to goes with the last completion.
//
// Thread: the node's. Owns: the descriptor; it stays open while the reactor refers to it.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_
#define JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_

#include <cstdint>

#include "kernel/node.h"
#include "kernel/reactor.h"

namespace jackfield {

class FdWait {
 public:
  // ready(owner, result) comes from the node's loop, result as Op's. It may destroy the FdWait.
  using Ready = void (*)(void* owner, int32_t result);

  FdWait(Node& node, int fd, Ready ready, void* owner);
  ~FdWait();
  FdWait(const FdWait&) = delete;

  // Calls `ready` once, when there is something to read, or the end, or an error.
  void Start();  // does nothing when it has been started already
  bool pending() const { return state_->op.pending; }
  int fd() const { return state_->fd; }
  // Hands the descriptor over to the caller. Requires: !pending().
  int Release();

 private:
  struct State {
    State(Op::Done done, Node& node, int fd, Ready ready, void* owner)
        : op(done, this), node(node), fd(fd), ready(ready), owner(owner) {}
    Op op;
    Node& node;
    int fd;
    const Ready ready;
    void* owner;  // nullptr: it has gone
  };
  static void OnDone(Op& op, int32_t result);
  static void End(State* state);

  State* const state_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_FD_WAIT_H_
