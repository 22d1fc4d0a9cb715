// What all that can be awaited on a channel or a stream has in common: co_await and .Wait(), and
// for those that send, the wait for room. A part of kernel/call/channel.h and kernel/call/stream.h.
//
// Thread: the node's. An awaiter lies in the frame of the coroutine that it would resume, and is
// destroyed with it; it is neither copied nor moved.
#ifndef JACKFIELD_KERNEL_CALL_AWAITER_H_
#define JACKFIELD_KERNEL_CALL_AWAITER_H_

#include <coroutine>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "kernel/loop/future.h"
#include "kernel/session.h"

namespace jackfield {

// Of `Self`: loop(), done(), await_resume(). It may say besides how it begins (await_ready; true:
// it has ended already) and whether something that is waited for has been sent.
template <class Self>
class Awaiter {
 public:
  Awaiter() = default;
  Awaiter(const Awaiter&) = delete;
  bool await_ready() const { return self().done(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(self().loop(), waiting);
  }
  // Blocks, outside handlers only. Errors: of the result, and those of BlockUntil; a result that
  // cannot hold one is empty then.
  auto Wait() {
    using Result = decltype(self().await_resume());
    if (!self().await_ready()) {
      absl::Status waited =
          BlockUntil(self().loop(), self().sent(), [this] { return self().done(); });
      if constexpr (std::is_constructible_v<Result, absl::Status>) {
        if (!waited.ok()) return Result(std::move(waited));
      } else if (!waited.ok()) {
        return Result();
      }
    }
    return self().await_resume();
  }

 protected:
  static constexpr bool kSent = false;
  const bool& sent() const { return kSent; }
  void Resume() { suspended_.Resume(self().loop()); }

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }
  Suspended suspended_;
};

// One that sends a payload when there is room for it. Of `Self` besides: Try() (true: it was sent,
// or has ended: done_).
template <class Self>
class SendAwaiter : public RoomWaiter, public Awaiter<Self> {
 public:
  bool done() const { return done_; }

 protected:
  using RoomWaiter::RoomWaiter;
  virtual Payload& payload() = 0;
  bool OnRoom() override {
    if (!static_cast<Self*>(this)->Try()) return false;
    Unlink();
    if (done_) this->Resume();
    return true;
  }

  bool done_ = false;
};

// With the payload itself.
template <class Base, class P>
class [[nodiscard]] Holding final : public Base {
 public:
  template <class... Args>
  explicit Holding(P payload, Args&&... args)
      : Base(std::forward<Args>(args)...), payload_(std::move(payload)) {}

 private:
  Payload& payload() override { return payload_; }
  P payload_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_AWAITER_H_
