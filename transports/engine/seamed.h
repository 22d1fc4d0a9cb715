// A system call that kernel/loop/sys.h does not have, through the same fault seam and with the same
// results.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SEAMED_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SEAMED_H_

#include <cerrno>
#include <cstdint>

#include "kernel/loop/sys.h"

namespace jackfield {

// call(): ≥ 0, or -1 with errno. Returns ≥ 0 or -errno; EINTR is retried. What the seam says of
// short moves is ignored: this is for packets, which are not moved in parts.
template <class Call>
int64_t ThroughSeam(const Sys& sys, Site site, int fd, Call call) {
  if (sys.seam() != nullptr) [[unlikely]] {
    if (const int error = sys.seam()->Decide(site, fd).error; error != 0) return -error;
  }
  for (;;) {
    const int64_t result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SEAMED_H_
