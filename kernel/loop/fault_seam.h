// The one seam through which every result of the operating system's I/O passes, so that a test can
// decide it: `site, descriptor → what really happens`. Production has none (a null pointer and one
// branch).
//
// Thread: the node's whose options name it.
#ifndef JACKFIELD_KERNEL_LOOP_FAULT_SEAM_H_
#define JACKFIELD_KERNEL_LOOP_FAULT_SEAM_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace jackfield {

enum class Site : uint8_t {
  kSocket,
  kBind,
  kListen,
  kAccept,
  kConnect,
  kSocketPair,
  kPipe,
  kOpen,
  kEventFd,
  kPidFd,
  kSetOption,
  kRead,
  kWrite,
  kPoll,
  kCount,
};
std::string_view Name(Site site);

class FaultSeam {
 public:
  struct Fault {
    int error = 0;                // if not 0: the operation is not done and returns -error
    size_t bytes_max = SIZE_MAX;  // a read or write moves at most so many bytes (at least 1)
  };
  virtual ~FaultSeam() = default;
  virtual Fault Decide(Site site, int fd) = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_FAULT_SEAM_H_
