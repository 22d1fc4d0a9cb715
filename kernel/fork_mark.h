// Tells a process from a child that it forked: the child has a copy of all memory, but what its
// objects stand for, such as connections, rings and files with names, is its parent's still.
//
// Thread: any. Owns: a page, which the child finds empty (MADV_WIPEONFORK, Linux 4.14; where that
// fails, nobody is ever taken for a child).
#ifndef JACKFIELD_KERNEL_FORK_MARK_H_
#define JACKFIELD_KERNEL_FORK_MARK_H_

#include <sys/mman.h>

#include <cstddef>

namespace jackfield {

class ForkMark {
 public:
  ForkMark() {
    void* const page =
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    if (madvise(page, kBytes, MADV_WIPEONFORK) != 0) {
      munmap(page, kBytes);
      return;
    }
    mark_ = static_cast<volatile int*>(page);
    *mark_ = 1;
  }
  ~ForkMark() {
    if (mark_ != &unknown_) munmap(const_cast<int*>(mark_), kBytes);
  }
  ForkMark(const ForkMark&) = delete;

  // Is this process a child of the one that made the mark?
  bool forked() const { return *mark_ == 0; }

 private:
  static constexpr size_t kBytes = 4096;

  int unknown_ = 1;
  volatile int* mark_ = &unknown_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_FORK_MARK_H_
