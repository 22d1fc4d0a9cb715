// Messages of the hub's envelope on unix sockets that keep boundaries, many in one system call.
//
// Thread: the node's. Owns nothing but its own arrays.
#ifndef JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_IO_H_
#define JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_IO_H_

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/link.h"
#include "kernel/loop/sys.h"
#include "transports/engine/hub/envelope.h"
#include "transports/engine/hub/hub_batch.h"

namespace jackfield {

class DatagramIo {
 public:
  static constexpr uint32_t kMessagesMax = 16;  // in one system call
  static constexpr uint32_t kNameBytesMax = HubKey::kBytesMax - sizeof(uint64_t);

  // Fills slots with what has come. Returns as HubMedium::Receive, with -errno for every error.
  //   from: the sender's address, if it has one, then the key
  //   what: kFrame, kOpens (greeting, welcome), kRefused, kEnds (goodbye, and the end of a
  //         connection), kCorrupt, or kNothing for what is not of our kind
  // messages_max: at most so many. cut_off(): since the last look a message came without its
  // descriptors, for which there was no place.
  int Receive(const Sys& sys, int fd, HubBatch& batch, uint32_t messages_max = kMessagesMax);
  bool cut_off() const { return cut_off_; }

  // Sends link's frames under `key`, as many as go. Returns as HubMedium::Send.
  int Send(const Sys& sys, int fd, uint64_t key, Link& link);

  // One message that is not a frame. fd_to_pass: -1 for none. Returns 0 or -errno.
  static int SendWord(const Sys& sys, int fd, HubEnvelope::Kind kind, uint64_t key,
                      std::string_view text, int fd_to_pass = -1) {
    return SendWord(sys, fd, HubEnvelope{.kind = kind, .key = key}, text, fd_to_pass);
  }
  static int SendWord(const Sys& sys, int fd, HubEnvelope envelope, std::string_view text,
                      int fd_to_pass = -1);

 private:
  static void Read(const msghdr& message, uint32_t bytes, HubArrival& arrival);
  struct Control {
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kFdsMax * sizeof(int))];
  };

  std::array<mmsghdr, kMessagesMax> messages_{};
  std::array<std::array<iovec, 2>, kMessagesMax> parts_{};
  std::array<Control, kMessagesMax> controls_{};
  std::array<sockaddr_un, kMessagesMax> names_{};
  bool cut_off_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UNIX_DATAGRAM_IO_H_
