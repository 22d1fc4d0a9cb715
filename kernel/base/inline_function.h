// A move-only callable that never allocates: what it captures must fit, or it does not compile.
//
// Why not absl::AnyInvocable: it allocates when the captures exceed two pointers, and a call must
// not.
#ifndef JACKFIELD_KERNEL_BASE_INLINE_FUNCTION_H_
#define JACKFIELD_KERNEL_BASE_INLINE_FUNCTION_H_

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace jackfield {

template <class Signature, size_t kBytes = 64>
class InlineFunction;

template <class Result, class... Args, size_t kBytes>
class InlineFunction<Result(Args...), kBytes> {
 public:
  InlineFunction() = default;
  template <class F>
  requires(!std::is_same_v<std::decay_t<F>, InlineFunction> &&
           std::is_invocable_r_v<Result, F&, Args...>)
      InlineFunction(F&& f) {  // NOLINT: made to be converted to
    using Stored = std::decay_t<F>;
    static_assert(sizeof(Stored) <= kBytes, "captures too much: capture a pointer to it");
    static_assert(alignof(Stored) <= alignof(std::max_align_t) &&
                  std::is_nothrow_move_constructible_v<Stored>);
    new (storage_) Stored(std::forward<F>(f));
    call_ = [](void* at, Args... args) -> Result {
      return (*static_cast<Stored*>(at))(std::forward<Args>(args)...);
    };
    relocate_ = [](void* from, void* to) {
      auto* stored = static_cast<Stored*>(from);
      if (to != nullptr) new (to) Stored(std::move(*stored));
      stored->~Stored();
    };
  }
  InlineFunction(InlineFunction&& other) noexcept { *this = std::move(other); }
  InlineFunction& operator=(InlineFunction&& other) noexcept {
    if (this == &other) return *this;
    Reset();
    if (other.call_ != nullptr) {
      other.relocate_(other.storage_, storage_);
      call_ = std::exchange(other.call_, nullptr);
      relocate_ = other.relocate_;
    }
    return *this;
  }
  ~InlineFunction() { Reset(); }

  explicit operator bool() const { return call_ != nullptr; }
  // Requires: not empty.
  Result operator()(Args... args) { return call_(storage_, std::forward<Args>(args)...); }
  void Reset() {
    if (std::exchange(call_, nullptr) != nullptr) relocate_(storage_, nullptr);
  }

 private:
  alignas(std::max_align_t) std::byte storage_[kBytes];
  Result (*call_)(void*, Args...) = nullptr;
  void (*relocate_)(void*, void*) = nullptr;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_INLINE_FUNCTION_H_
