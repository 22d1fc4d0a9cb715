#include "transports/unix/datagram_io.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "transports/engine/hub/envelope_arrival.h"
#include "transports/engine/seamed.h"

namespace jackfield {

int DatagramIo::Receive(const Sys& sys, int fd, HubBatch& batch, uint32_t messages_max) {
  const uint32_t count = std::min(batch.slots(), messages_max);
  cut_off_ = false;
  for (uint32_t i = 0; i < count; ++i) {
    parts_[i][0] = {batch.data(i), batch.slot_bytes()};
    msghdr& message = messages_[i].msg_hdr;
    message = {};
    message.msg_name = &names_[i];
    message.msg_namelen = sizeof names_[i];
    message.msg_iov = parts_[i].data();
    message.msg_iovlen = 1;
    message.msg_control = controls_[i].space;
    message.msg_controllen = sizeof controls_[i].space;
  }
  const int64_t got = ThroughSeam(sys, Site::kRead, fd, [&] {
    return recvmmsg(fd, messages_.data(), count, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
  });
  if (got == -EAGAIN) return 0;
  for (int64_t i = 0; i < got; ++i) {
    const auto slot = static_cast<uint32_t>(i);
    Read(messages_[slot].msg_hdr, messages_[slot].msg_len, batch.Begin(slot));
    cut_off_ |= (messages_[slot].msg_hdr.msg_flags & MSG_CTRUNC) != 0;
  }
  return static_cast<int>(got);
}

void DatagramIo::Read(const msghdr& message, uint32_t bytes, HubArrival& arrival) {
  using What = HubArrival::What;
  auto& readable = const_cast<msghdr&>(message);  // CMSG_NXTHDR takes no const
  for (cmsghdr* header = CMSG_FIRSTHDR(&readable); header != nullptr;
       header = CMSG_NXTHDR(&readable, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    const size_t data_bytes = header->cmsg_len - CMSG_LEN(0);
    if (header->cmsg_type == SCM_CREDENTIALS && data_bytes == sizeof(ucred)) {
      ucred who;
      std::memcpy(&who, CMSG_DATA(header), sizeof who);
      arrival.identity = {true, who.uid, who.gid, who.pid};
    } else if (header->cmsg_type == SCM_RIGHTS) {
      arrival.fd_count =
          static_cast<uint8_t>(data_bytes / sizeof(int));  // the space has 16 at most
      std::memcpy(arrival.fds.data(), CMSG_DATA(header), arrival.fd_count * sizeof(int));
    }
  }
  if (bytes == 0) {
    arrival.what = What::kEnds;
    return;
  }
  const size_t name_bytes = message.msg_namelen > offsetof(sockaddr_un, sun_path)
                                ? message.msg_namelen - offsetof(sockaddr_un, sun_path)
                                : 0;
  if (name_bytes > kNameBytesMax) return;  // no client of ours is bound to a name like that
  arrival.from.Append(static_cast<const sockaddr_un*>(message.msg_name)->sun_path, name_bytes);
  if (OpenEnvelope(arrival, bytes) && (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    arrival.what = What::kCorrupt;
}

int DatagramIo::Send(const Sys& sys, int fd, uint64_t key, Link& link) {
  HubEnvelope envelope;
  envelope.key = key;
  while (link.has_tx()) {
    const uint32_t count = std::min(link.tx_frames(), kMessagesMax);
    for (uint32_t i = 0; i < count; ++i) {
      const FrameRef& frame = link.NextTx(i);
      parts_[i] = {iovec{&envelope, sizeof envelope}, iovec{frame.data, frame.bytes}};
      msghdr& message = messages_[i].msg_hdr;
      message = {};
      message.msg_iov = parts_[i].data();
      message.msg_iovlen = 2;
      const Link::FdList* fds = link.NextTxFds(i);
      if (fds == nullptr) continue;
      message.msg_control = controls_[i].space;
      message.msg_controllen = CMSG_SPACE(fds->count * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(fds->count * sizeof(int));
      std::memcpy(CMSG_DATA(header), fds->fds.data(), fds->count * sizeof(int));
    }
    const int64_t sent = ThroughSeam(sys, Site::kWrite, fd, [&] {
      return sendmmsg(fd, messages_.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (sent < 0) return static_cast<int>(sent);
    link.PopTx(static_cast<uint32_t>(sent));
  }
  return 0;
}

int DatagramIo::SendWord(const Sys& sys, int fd, HubEnvelope envelope, std::string_view text,
                         int fd_to_pass) {
  iovec parts[2] = {{&envelope, sizeof envelope}, {const_cast<char*>(text.data()), text.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))];
  if (fd_to_pass >= 0) {
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd_to_pass, sizeof(int));
  }
  const int64_t sent = ThroughSeam(
      sys, Site::kWrite, fd, [&] { return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL); });
  return sent < 0 ? static_cast<int>(sent) : 0;
}

}  // namespace jackfield
