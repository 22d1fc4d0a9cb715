// A descriptor that is closed when its owner goes.
//
// Thread: as its owner.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_DESCRIPTOR_H_
#define JACKFIELD_TOOLS_SUPERVISOR_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace jackfield {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.Release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) close(Release());
  }

 private:
  int fd_ = -1;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_DESCRIPTOR_H_
