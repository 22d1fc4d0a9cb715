// What a pointer of the C ABI points to. Its memory is kept for the next object of that kind, and
// never given back: so that a handle that was closed can be told from one that is open, as long as
// nothing else lies there.
//
// Thread: Take and Give may be called from any; the object itself is its node's.
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

// The objects of one kind. T is a Handle, with T::kKind, and clear when it is given back.
template <class T>
class Shells {
 public:
  // Throws std::bad_alloc.
  static T* Take() {
    T* shell = Free().Pop();
    if (shell == nullptr) shell = new T;
    ++shell->life;
    shell->kind.store(T::kKind, std::memory_order_relaxed);
    return shell;
  }
  static void Give(T& shell) {
    shell.kind.store(Kind::kNone, std::memory_order_relaxed);
    Free().Push(shell);
  }

 private:
  // So many rest before one is used again: a second close of the same handle mostly finds it
  // closed.
  static constexpr uint32_t kRestMin = 64;

  struct List {
    T* Pop() {
      const std::lock_guard lock(mutex);
      if (count <= kRestMin) return nullptr;
      --count;
      T* shell = static_cast<T*>(first);
      first = shell->next_free;
      return shell;
    }
    void Push(T& shell) {
      const std::lock_guard lock(mutex);
      shell.next_free = nullptr;
      (count++ == 0 ? first : last->next_free) = &shell;
      last = &shell;
    }
    std::mutex mutex;
    Handle* first = nullptr;  // the oldest
    Handle* last = nullptr;
    uint32_t count = 0;
  };
  static List& Free() {
    static List* const list = new List;  // for as long as the program, for whoever is late
    return *list;
  }
};

}  // namespace jackfield::c

#endif  // JACKFIELD_BINDINGS_C_HANDLE_H_
