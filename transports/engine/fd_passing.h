// The control part of a sendmsg or recvmsg that carries descriptors (SCM_RIGHTS, unix(7)).
#ifndef JACKFIELD_TRANSPORTS_ENGINE_FD_PASSING_H_
#define JACKFIELD_TRANSPORTS_ENGINE_FD_PASSING_H_

#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "kernel/frame.h"

namespace jackfield {

class FdControl {
 public:
  // `message` carries fds[0..count). This object must live until it is sent.
  void Attach(msghdr& message, const int* fds, uint8_t count) {
    message.msg_control = space_;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds, count * sizeof(int));
  }
  // `message` has room for kFdsMax descriptors.
  void Expect(msghdr& message) {
    message.msg_control = space_;
    message.msg_controllen = sizeof space_;
  }
  // What came; the caller owns them.
  static std::vector<int> Take(msghdr& message) {
    std::vector<int> fds;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      const size_t before = fds.size();
      fds.resize(before + count);
      std::memcpy(&fds[before], CMSG_DATA(header), count * sizeof(int));
    }
    return fds;
  }

 private:
  alignas(cmsghdr) char space_[CMSG_SPACE(kFdsMax * sizeof(int))];
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_FD_PASSING_H_
