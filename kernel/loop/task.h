// Task<T>: a coroutine of one loop. It starts when it is awaited, or spawned on a loop; it ends on
// the same thread.
//
//   Task<absl::Status> Handle(ServerCall& call) {
//     absl::StatusOr<Message> stock = co_await inventory.Call(kLookup, call.payload());
//     if (!stock.ok()) co_return stock.status();
//     co_return call.Reply(stock->payload());
//   }
//
// Memory: a coroutine whose first parameters include a Loop& (a Node is one), or something with a
// member node(), has its frame in that loop's block pool: no allocation per call. Others use
// operator new. Exceptions: one that leaves a coroutine is thrown again where that is awaited. One
// that leaves a handler is its caller's INTERNAL (kernel/call/server_call.h), and one that leaves a
// spawned task is said on stderr.
#ifndef JACKFIELD_KERNEL_LOOP_TASK_H_
#define JACKFIELD_KERNEL_LOOP_TASK_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>

#include "kernel/loop/block_pool.h"

namespace jackfield {

class Loop;
MemoryAccount& MemoryOf(Loop& loop);

namespace task_internal {

template <class T>
concept HasLoop = requires(T& t) {
  { t.node() } -> std::convertible_to<Loop&>;
};

inline MemoryAccount* FindMemory() { return nullptr; }
template <class First, class... Rest>
MemoryAccount* FindMemory(First& first, Rest&... rest) {
  if constexpr (std::is_convertible_v<First&, Loop&>)
    return &MemoryOf(first);
  else if constexpr (HasLoop<First>)
    return &MemoryOf(first.node());
  else
    return FindMemory(rest...);
}

// In front of each coroutine frame: where it came from.
struct alignas(16) Origin {
  Block block;
};

inline void* Allocate(size_t bytes, MemoryAccount* memory_of) {
  Block block = memory_of != nullptr ? memory_of->Get(static_cast<uint32_t>(bytes + sizeof(Origin)))
                                     : Block();
  void* memory = block ? block.data() : ::operator new(bytes + sizeof(Origin));
  auto* origin = new (memory) Origin{std::move(block)};
  return origin + 1;
}

inline void Free(void* frame) {
  auto* origin = static_cast<Origin*>(frame) - 1;
  const Block block = std::move(origin->block);
  if (!block) ::operator delete(origin);
}

struct PromiseBase {
  template <class... Args>
  static void* operator new(size_t bytes, Args&... args) {
    return Allocate(bytes, FindMemory(args...));
  }
  static void* operator new(size_t bytes) { return Allocate(bytes, nullptr); }
  static void operator delete(void* frame) { Free(frame); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      PromiseBase& promise = done.promise();
      if (promise.continuation) return promise.continuation;
      if (promise.on_done != nullptr)
        promise.on_done(promise.on_done_user);  // may destroy the coroutine
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  std::coroutine_handle<> continuation;
  void (*on_done)(void*) = nullptr;
  void* on_done_user = nullptr;
};

// How a coroutine ended: with a value, with an exception, or (destroyed before) not at all.
template <class T>
class Ending {
 public:
  Ending() {}  // NOLINT: nothing is in it
  Ending(const Ending&) = delete;
  ~Ending() {
    if (state_ == kValue) value_.~T();
    if (state_ == kThrown) [[unlikely]]
      thrown_.~exception_ptr();
  }
  template <class... Args>
  void Return(Args&&... args) {
    new (&value_) T(std::forward<Args>(args)...);
    state_ = kValue;
  }
  void Throw(std::exception_ptr thrown) {
    new (&thrown_) std::exception_ptr(std::move(thrown));
    state_ = kThrown;
  }
  // Requires: it has ended. Throws what was thrown.
  T Take() {
    if (state_ == kThrown) [[unlikely]]
      std::rethrow_exception(thrown_);
    return std::move(value_);
  }
  bool threw() const { return state_ == kThrown; }
  std::exception_ptr thrown() const { return threw() ? thrown_ : nullptr; }

 private:
  enum : uint8_t { kNone, kValue, kThrown } state_ = kNone;
  union {
    T value_;
    std::exception_ptr thrown_;
  };
};

}  // namespace task_internal

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : task_internal::PromiseBase {
    Task get_return_object() {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    template <class U>
    void return_value(U&& value) {
      ending.Return(std::forward<U>(value));
    }
    void unhandled_exception() noexcept { ending.Throw(std::current_exception()); }
    task_internal::Ending<T> ending;
  };

  Task() = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().ending.Take(); }

  // For who runs it without awaiting it: starts it; `on_done(user)` is called when it has ended,
  // perhaps at once.
  void Start(void (*on_done)(void*), void* user) {
    handle_.promise().on_done = on_done;
    handle_.promise().on_done_user = user;
    handle_.resume();
  }
  bool done() const { return handle_ && handle_.done(); }
  // Requires: it has ended. Throws what left the coroutine, if that was an exception.
  T TakeResult() { return handle_.promise().ending.Take(); }
  bool threw() const { return handle_.promise().ending.threw(); }
  std::exception_ptr thrown() const { return handle_.promise().ending.thrown(); }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
struct Task<void>::promise_type : task_internal::PromiseBase {
  Task<void> get_return_object() {
    return Task(std::coroutine_handle<promise_type>::from_promise(*this));
  }
  void return_void() {}
  void unhandled_exception() noexcept { ending.Throw(std::current_exception()); }
  struct Nothing {};
  task_internal::Ending<Nothing> ending;
};
template <>
inline void Task<void>::await_resume() {
  if (threw()) [[unlikely]]
    std::rethrow_exception(thrown());
}
template <>
inline void Task<void>::TakeResult() {
  await_resume();
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_TASK_H_
