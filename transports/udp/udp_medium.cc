#include "transports/udp/udp_medium.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/text.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/seamed.h"
#include "transports/udp/udp.h"

namespace jackfield {
namespace {

// One byte more than a frame may have: what fills it was larger.
constexpr uint32_t kArrivalBytesMax = kUdpFrameBytesMax + 8;

// Family, port and address, and for IPv6 the scope: what tells one sender from another.
HubKey KeyOf(const sockaddr_storage& name) {
  HubKey key;
  key.Append(&name.ss_family, sizeof name.ss_family);
  if (name.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(name);
    key.Append(&in.sin_port, sizeof in.sin_port);
    key.Append(&in.sin_addr, sizeof in.sin_addr);
  } else {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(name);
    key.Append(&in6.sin6_port, sizeof in6.sin6_port);
    key.Append(&in6.sin6_addr, sizeof in6.sin6_addr);
    key.Append(&in6.sin6_scope_id, sizeof in6.sin6_scope_id);
  }
  return key;
}

sockaddr_storage NameOf(const HubKey& key, socklen_t& bytes) {
  sockaddr_storage name{};
  const uint8_t* from = key.bytes.data();
  const auto take = [&from](void* to, size_t count) {
    std::memcpy(to, from, count);
    from += count;
  };
  take(&name.ss_family, sizeof name.ss_family);
  if (name.ss_family == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(name);
    take(&in.sin_port, sizeof in.sin_port);
    take(&in.sin_addr, sizeof in.sin_addr);
    bytes = sizeof in;
  } else {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(name);
    take(&in6.sin6_port, sizeof in6.sin6_port);
    take(&in6.sin6_addr, sizeof in6.sin6_addr);
    take(&in6.sin6_scope_id, sizeof in6.sin6_scope_id);
    bytes = sizeof in6;
  }
  return name;
}

class UdpPeer final : public HubPeer {
 public:
  // The peer of a connected socket, which nothing else waits on for room.
  explicit UdpPeer(int room_fd) : room_fd_(room_fd) {}
  UdpPeer(const sockaddr_storage& name, socklen_t bytes) : name(name), name_bytes(bytes) {}
  int room_fd() const override { return room_fd_; }
  sockaddr_storage name{};
  socklen_t name_bytes = 0;

 private:
  const int room_fd_ = -1;
};

// The moment is bad, or the way there; the socket and the peer may be well. The frame is lost, as
// on the way: who needs it has the reliable shim.
bool IsLoss(int64_t error) {
  return error == -ENOBUFS || error == -ENOMEM || error == -ENETUNREACH || error == -EHOSTUNREACH ||
         error == -ENETDOWN || error == -EPERM || error == -EACCES;
}
bool IsFatal(int64_t error) { return error == -EBADF || error == -ENOTSOCK || error == -EFAULT; }

}  // namespace

UdpMedium::UdpMedium(Node& node, int fd, Peers peers, const Caps& caps, std::string description)
    : node_(node), fd_(fd), peers_(peers), caps_(caps), description_(std::move(description)) {}

UdpMedium::~UdpMedium() { close(fd_); }

uint32_t UdpMedium::arrival_bytes_max() const { return kArrivalBytesMax; }

int UdpMedium::Receive(HubBatch& batch) {
  const uint32_t count = std::min(batch.slots(), kMessagesMax);
  for (uint32_t i = 0; i < count; ++i) {
    parts_[i] = {batch.data(i), batch.slot_bytes()};
    msghdr& message = messages_[i].msg_hdr;
    message = {};
    message.msg_iov = &parts_[i];
    message.msg_iovlen = 1;
    if (peers_ == Peers::kMany) {
      message.msg_name = &names_[i];
      message.msg_namelen = sizeof names_[i];
    }
  }
  const int64_t got = ThroughSeam(node_.sys(), Site::kRead, fd_, [&] {
    return recvmmsg(fd_, messages_.data(), count, MSG_DONTWAIT, nullptr);
  });
  if (got < 0) {
    // A connected socket tells that nobody is there (ECONNREFUSED, by ICMP). One that is bound only
    // hears of a single peer's troubles at most.
    if (got == -EAGAIN) return 0;
    return peers_ == Peers::kOne ? (IsLoss(got) ? 0 : static_cast<int>(got))
                                 : (IsFatal(got) ? static_cast<int>(got) : 0);
  }
  for (uint32_t i = 0; i < static_cast<uint32_t>(got); ++i) {
    HubArrival& arrival = batch.Begin(i);
    arrival.bytes = messages_[i].msg_len;
    if (peers_ == Peers::kMany) arrival.from = KeyOf(names_[i]);
    if (arrival.bytes < kHeaderBytes || arrival.bytes > kUdpFrameBytesMax ||
        (messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      ++counters_.malformed;
      continue;  // kNothing
    }
    arrival.what = peers_ == Peers::kMany ? HubArrival::What::kOpens : HubArrival::What::kFrame;
    arrival.opens_with_frame = peers_ == Peers::kMany;
  }
  return static_cast<int>(got);
}

absl::StatusOr<HubAdmission> UdpMedium::Admit(HubArrival& arrival) {
  HubAdmission admission;
  admission.key = arrival.from;
  admission.traits.caps = caps_;
  admission.traits.description = description_;
  if (peers_ == Peers::kOne) {
    admission.peer = std::make_unique<UdpPeer>(fd_);
  } else {
    socklen_t bytes = 0;
    const sockaddr_storage name = NameOf(arrival.from, bytes);
    admission.traits.description = Text(description_, ", peer ", TextOf(name));
    admission.peer = std::make_unique<UdpPeer>(name, bytes);
  }
  return admission;
}

int UdpMedium::Send(HubPeer& peer, Link& link) {
  if (!caps_.send) return -EOPNOTSUPP;
  auto& to = static_cast<UdpPeer&>(peer);
  while (link.has_tx()) {
    uint32_t count = 0;
    for (; count < std::min(link.tx_frames(), kMessagesMax); ++count) {
      const FrameRef& frame = link.NextTx(count);
      if (frame.bytes > kUdpFrameBytesMax) break;
      parts_[count] = {frame.data, frame.bytes};
      msghdr& message = messages_[count].msg_hdr;
      message = {};
      message.msg_iov = &parts_[count];
      message.msg_iovlen = 1;
      if (to.name_bytes == 0) continue;
      message.msg_name = &to.name;
      message.msg_namelen = to.name_bytes;
    }
    if (count == 0) return -EMSGSIZE;  // who sends here has been told frame_bytes_max
    const int64_t sent = ThroughSeam(node_.sys(), Site::kWrite, fd_, [&] {
      return sendmmsg(fd_, messages_.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    });
    if (IsLoss(sent)) {
      ++counters_.unsent;
      link.PopTx(1);
      continue;
    }
    if (sent < 0) return static_cast<int>(sent);
    link.PopTx(static_cast<uint32_t>(sent));
  }
  return 0;
}

}  // namespace jackfield
