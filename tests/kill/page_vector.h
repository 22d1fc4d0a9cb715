// A vector whose memory comes from the kernel, page by page, and not from malloc.
//
// A sweep forks its two ends out of itself, so each of them begins with the heap that the sweep has
// at that moment, and malloc goes other ways in another heap. What grows while a sweep goes on lies
// here, so that all its runs begin alike.
//
// Thread: any one.
#ifndef JACKFIELD_TESTS_KILL_PAGE_VECTOR_H_
#define JACKFIELD_TESTS_KILL_PAGE_VECTOR_H_

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <vector>

namespace jackfield::kill_test {

template <typename T>
struct PageAllocator {
  using value_type = T;

  PageAllocator() = default;
  template <typename U>
  explicit PageAllocator(const PageAllocator<U>&) {}

  T* allocate(size_t count) {
    void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) { munmap(memory, count * sizeof(T)); }

  bool operator==(const PageAllocator&) const { return true; }
};

template <typename T>
using PageVector = std::vector<T, PageAllocator<T>>;

// Sorts them, and leaves one of each.
template <typename T>
void KeepDistinct(PageVector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_PAGE_VECTOR_H_
