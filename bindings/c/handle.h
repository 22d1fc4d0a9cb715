// What a pointer of the C ABI points to. Its memory is kept for the next object of that kind, and
// never given back: so that a handle that was closed can be told from one that is open, as long as
// nothing else lies there.
//
// Thread: an object is its node's.
#ifndef JACKFIELD_BINDINGS_C_HANDLE_H_
#define JACKFIELD_BINDINGS_C_HANDLE_H_

#include <atomic>
#include <cstdint>
#include <mutex>

namespace jackfield::c {

enum class Kind : uint32_t {
  kNone,
  kNode,
  kMessage,
  kChannel,
  kStream,
  kPort,
  kRequest,
  kService,
  kSchema,
  kPending
};

struct Handle {
  std::atomic<Kind> kind{Kind::kNone};
  uint32_t life = 0;  // another one each time it is taken
  Handle* next_free = nullptr;
};

// Objects of one kind that are free, or new ones. T is a Handle, with T::kKind, and clear when it
// is given back. Thread: one at a time.
template <class T>
class ShellList {
 public:
  // Throws std::bad_alloc.
  T* Take() {
    T* shell = Pop();
    if (shell == nullptr) shell = new T;
    ++shell->life;
    shell->kind.store(T::kKind, std::memory_order_relaxed);
    return shell;
  }
  void Give(T& shell) {
    shell.kind.store(Kind::kNone, std::memory_order_relaxed);
    shell.next_free = nullptr;
    (count_++ == 0 ? first_ : last_->next_free) = &shell;
    last_ = &shell;
  }

 private:
  // So many rest before one is used again: a second close of the same handle mostly finds it
  // closed.
  static constexpr uint32_t kRestMin = 64;

  T* Pop() {
    if (count_ <= kRestMin) return nullptr;
    --count_;
    T* shell = static_cast<T*>(first_);
    first_ = shell->next_free;
    return shell;
  }
  Handle* first_ = nullptr;  // the oldest
  Handle* last_ = nullptr;
  uint32_t count_ = 0;
};

// Those of the program. Thread: any. What each call takes, its node has (objects.h).
template <class T>
class Shells {
 public:
  static T* Take() {  // throws std::bad_alloc
    Free& free = TheFree();
    const std::lock_guard lock(free.mutex);
    return free.list.Take();
  }
  static void Give(T& shell) {
    Free& free = TheFree();
    const std::lock_guard lock(free.mutex);
    free.list.Give(shell);
  }

 private:
  struct Free {
    std::mutex mutex;
    ShellList<T> list;
  };
  static Free& TheFree() {
    static Free* const free = new Free;  // for as long as the program, for whoever is late
    return *free;
  }
};

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_HANDLE_H_
