#include "transports/engine/fd_wait.h"

#include <unistd.h>

#include <utility>

namespace jackfield {

FdWait::FdWait(Node& node, int fd, Ready ready, void* owner)
    : state_(new State(OnDone, node, fd, ready, owner)) {}

FdWait::~FdWait() {
  state_->owner = nullptr;
  if (state_->op.pending)
    state_->node.reactor().Cancel(state_->op);
  else
    End(state_);
}

void FdWait::Start() {
  if (!state_->op.pending) state_->node.reactor().Start(state_->op, state_->fd, POLLIN);
}

int FdWait::Release() { return std::exchange(state_->fd, -1); }

void FdWait::OnDone(Op& op, int32_t result) {
  auto* state = static_cast<State*>(op.user);
  if (state->owner == nullptr) return End(state);
  state->ready(state->owner, result);
}

void FdWait::End(State* state) {
  if (state->fd >= 0) close(state->fd);
  delete state;
}

}  // namespace jackfield
