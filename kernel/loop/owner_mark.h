// Tells the thread that made something from every other, and its process from a child that it
// forked: the child has a copy of all memory, but what its objects stand for, such as connections,
// rings and files with names, is its parent's still.
//
// Thread: any. Owns: a page, which the child finds empty (MADV_WIPEONFORK, Linux 4.14; where that
// fails, nobody is ever taken for a child).
#ifndef JACKFIELD_KERNEL_LOOP_OWNER_MARK_H_
#define JACKFIELD_KERNEL_LOOP_OWNER_MARK_H_

#include <pthread.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

namespace jackfield {

class OwnerMark {
 public:
  OwnerMark() {
    void* const page =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && madvise(page, kBytes, MADV_WIPEONFORK) != 0)
      munmap(page, kBytes);
    else if (page != MAP_FAILED)
      mark_ = static_cast<volatile uintptr_t*>(page);
    *mark_ = ThisThread();
  }
  ~OwnerMark() {
    if (mark_ != &own_) munmap(const_cast<uintptr_t*>(mark_), kBytes);
  }
  OwnerMark(const OwnerMark&) = delete;

  // Is the caller the thread that made the mark, in the process that made it? A few instructions.
  // (The number of a thread that has ended may come again, as a pid does.)
  bool mine() const { return *mark_ == ThisThread(); }
  // Is this process a child of the one that made the mark?
  bool forked() const { return *mark_ == kWiped; }
  // From now on it is nobody's.
  void GiveUp() { *mark_ = kNobody; }

 private:
  static constexpr size_t kBytes = 4096;
  static constexpr uintptr_t kWiped = 0, kNobody = 1;  // no thread has them

  static uintptr_t ThisThread() {
#if __has_builtin(__builtin_thread_pointer)
    return reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
#else
    return static_cast<uintptr_t>(pthread_self());
#endif
  }

  volatile uintptr_t own_ = kNobody;
  volatile uintptr_t* mark_ = &own_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_OWNER_MARK_H_
