#include "transports/engine/fd_wait.h"

#include <utility>

namespace jackfield {

struct FdWait::State {
  State(OwnedFd taken, Ready ready, void* user)
      : op(OnDone, this), fd(std::move(taken)), ready(ready), user(user) {}

  static void OnDone(Op& op, int32_t result) {
    auto* state = static_cast<State*>(op.user);
    if (state->orphan)
      delete state;
    else
      state->ready(state->user, result);
  }

  Op op;
  OwnedFd fd;
  const Ready ready;
  void* const user;
  bool orphan = false;
};

FdWait::FdWait(Loop& loop, OwnedFd fd, Ready ready, void* user)
    : loop_(loop), state_(new State(std::move(fd), ready, user)) {}

FdWait::~FdWait() {
  if (!state_->op.pending) {
    delete state_;
    return;
  }
  state_->orphan = true;
  loop_.reactor().Cancel(state_->op);
}

void FdWait::Start(uint32_t events) {
  if (!state_->op.pending) loop_.reactor().Start(state_->op, state_->fd.get(), events);
}
bool FdWait::pending() const { return state_->op.pending; }
int FdWait::fd() const { return state_->fd.get(); }
OwnedFd FdWait::Take() { return std::move(state_->fd); }

}  // namespace jackfield
