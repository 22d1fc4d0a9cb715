// A result that comes later, on the same loop: co_await it, or Wait() for it outside handlers.
//
// Thread: the loop's. The promise may be copied (a callback holds one); the state is counted
// without atomics, as all of it belongs to one thread. A promise of which the last copy goes before
// it is kept makes its future CANCELLED.
#ifndef JACKFIELD_KERNEL_LOOP_FUTURE_H_
#define JACKFIELD_KERNEL_LOOP_FUTURE_H_

#include <coroutine>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "kernel/loop/loop.h"

namespace jackfield {

absl::Status BlockedInHandler(const Loop& loop);
absl::Status Interrupted(const Loop& loop, bool sent);
absl::Status PromiseDropped();

// Drives `loop` until `done()`. Errors: REFUSED, and nothing done, inside a handler, where that
// would wait for itself, and in another thread than the loop's; CANCELLED when the program is asked
// to stop, and the loop's own when it can do no more: IN_DOUBT if something was sent that is waited
// for by then.
template <class Done>
absl::Status BlockUntil(Loop& loop, const bool& sent, Done done) {
  if (loop.in_turn()) return BlockedInHandler(loop);
  loop.RunUntil([&] { return done() || loop.interrupted(); });
  return done() ? absl::OkStatus() : Interrupted(loop, sent);
}

template <class T>
class FutureState {
  template <class>
  friend class Future;
  template <class>
  friend class Promise;
  explicit FutureState(Loop& on) : loop(on) {}
  // Not inline: GCC 12 would take the users' checks of the count for uses after the delete, and
  // warn.
  [[gnu::noinline]] void Leave() {
    if (--users == 0) delete this;
  }
  Loop& loop;
  int users = 0, promises = 0;
  std::optional<absl::StatusOr<T>> result;
  Suspended waiting;
};

template <class T>
class [[nodiscard]] Future {
  using State = FutureState<T>;

 public:
  Future(Future&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ~Future() {
    if (state_ == nullptr) return;
    state_->waiting.Forget();  // a coroutine that is destroyed while it waits must not be resumed
    state_->Leave();
  }
  bool ready() const { return state_->result.has_value(); }

  bool await_ready() const { return ready(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    state_->waiting.Suspend(state_->loop, waiting);
  }
  absl::StatusOr<T> await_resume() { return *std::move(state_->result); }
  // Errors: of the result; REFUSED inside a handler.
  absl::StatusOr<T> Wait() {
    if (!ready()) {
      absl::Status waited = BlockUntil(state_->loop, true, [this] { return ready(); });
      if (!waited.ok()) return waited;
    }
    return *std::move(state_->result);
  }

 private:
  template <class>
  friend class Promise;
  explicit Future(State* state) : state_(state) { ++state->users; }
  State* state_;
};

template <class T>
class Promise {
  using State = FutureState<T>;

 public:
  explicit Promise(Loop& loop) : state_(new State(loop)) { Join(); }
  Promise(const Promise& other) noexcept : state_(other.state_) { Join(); }
  Promise(Promise&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  ~Promise() {
    if (state_ == nullptr) return;
    if (--state_->promises == 0 && !state_->result.has_value()) Set(PromiseDropped());
    state_->Leave();
  }
  Loop& loop() const { return state_->loop; }
  Future<T> future() { return Future<T>(state_); }  // once
  // Once.
  void Set(absl::StatusOr<T> result) {
    state_->result.emplace(std::move(result));
    state_->waiting.Resume(state_->loop);
  }

 private:
  void Join() {
    ++state_->users;
    ++state_->promises;
  }
  State* state_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_FUTURE_H_
