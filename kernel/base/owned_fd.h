// A descriptor that is closed when its owner goes.
//
// Thread: as its owner.
#ifndef JACKFIELD_KERNEL_BASE_OWNED_FD_H_
#define JACKFIELD_KERNEL_BASE_OWNED_FD_H_

#include <unistd.h>

#include <utility>

namespace jackfield {

class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.Release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFd() { Close(); }

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) close(Release());
  }

 private:
  int fd_ = -1;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_OWNED_FD_H_
