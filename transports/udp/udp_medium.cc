#include "transports/udp/udp_medium.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/frame.h"
#include "transports/engine/internet_name.h"
#include "transports/engine/seamed.h"
#include "transports/udp/udp.h"

namespace jackfield {

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

// The moment is bad, or the way there; the socket and the peer may be well. The frame is lost, as
// on the way: who needs it has the reliable shim. What a router says of an earlier datagram comes
// out of any call on a connected socket (EMSGSIZE: the next ones are cut to what fits).
bool IsLoss(int64_t error) {
  return error == -ENOBUFS || error == -ENOMEM || error == -ENETUNREACH || error == -EHOSTUNREACH ||
         error == -ENETDOWN || error == -EHOSTDOWN || error == -ENONET || error == -EPERM ||
         error == -EACCES || error == -EMSGSIZE;
}
bool IsSegmentRefusal(int64_t error) {
  return error == -EINVAL || error == -EIO || error == -EMSGSIZE || error == -EOPNOTSUPP ||
         error == -ENOPROTOOPT;
}
bool IsFatal(int64_t error) { return error == -EBADF || error == -ENOTSOCK || error == -EFAULT; }

// Whatever else anybody sends here makes no peer: the table of peers is bounded.
bool IsFrame(const HubArrival& arrival) {
  return arrival.bytes >= kHeaderBytes && arrival.bytes <= kUdpFrameBytesMax &&
         static_cast<uint8_t>(arrival.data[0]) == kMagic &&
         PeekFrameBytes(arrival.data) == arrival.bytes;
}

}  // namespace

UdpMedium::UdpMedium(Loop& loop, int fd, std::unique_ptr<UdpPlaces> places, const Caps& caps,
                     std::string description)
    : loop_(loop),
      fd_(fd),
      places_(std::move(places)),
      caps_(caps),
      description_(std::move(description)) {}

UdpMedium::~UdpMedium() { close(fd_); }

uint32_t UdpMedium::arrival_bytes_max() const { return kArrivalBytesMax; }

// A client's, before anybody has answered: is there another place to try?
bool UdpMedium::MovesOn(int64_t error) {
  const bool nobody = error == -ECONNREFUSED || error == -EHOSTUNREACH || error == -ENETUNREACH ||
                      error == -EHOSTDOWN;
  return nobody && places_ != nullptr &&
         places_->MovesOn(loop_.sys(), fd_, static_cast<int>(-error), loop_.clock().NowNs());
}

absl::Status UdpMedium::WhyBroken(int error, std::string_view what) const {
  return places_ != nullptr && error == ECONNREFUSED ? places_->Why(error) : SysError(error, what);
}

int UdpMedium::Receive(HubBatch& batch) {
  if (told_gone_) {
    if (const int gone = TakeGone(batch); gone > 0) return gone;
  }
  const uint32_t count = std::min(batch.slots(), kMessagesMax);
  const int64_t got = count == 1 ? ReceiveOne(batch) : ReceiveMany(batch, count);
  if (got < 0) {
    if (got == -EAGAIN || MovesOn(got)) return 0;
    // A connected socket tells that nobody is there (ECONNREFUSED). One that is bound only hears of
    // a single peer's troubles at most.
    if (!many()) return IsLoss(got) ? 0 : static_cast<int>(got);
    if (IsFatal(got)) return static_cast<int>(got);
    return TakeGone(batch);
  }
  if (!many() && got > 0) places_->Settle();
  for (uint32_t i = 0; i < static_cast<uint32_t>(got); ++i) {
    HubArrival& arrival = batch.Begin(i);
    arrival.bytes = messages_[i].msg_len;
    if (many()) arrival.from = KeyOf(names_[i]);
    if (!IsFrame(arrival)) {
      ++counters_.malformed;
      continue;  // kNothing
    }
    arrival.what = many() ? HubArrival::What::kOpens : HubArrival::What::kFrame;
    arrival.opens_with_frame = many();
  }
  return static_cast<int>(got);
}

// Words of the system about peers on this machine: that the socket of one is closed, which is to
// say that it has gone. Other words are about the way, and mend themselves or end in silence.
int UdpMedium::TakeGone(HubBatch& batch) {
  constexpr int kWordsMax = 256;
  const uint32_t count = std::min(batch.slots(), kMessagesMax);
  uint32_t gone = 0;
  for (int words = 0; words < kWordsMax && gone < count; ++words) {
    sockaddr_storage about{};
    alignas(cmsghdr) char control[256];
    msghdr message{};
    message.msg_name = &about;
    message.msg_namelen = sizeof about;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const int64_t got = ThroughSeam(loop_.sys(), Site::kRead, fd_, [&] {
      return recvmsg(fd_, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    });
    told_gone_ = got != -EAGAIN;
    if (got < 0) break;
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
      if (!(part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) &&
          !(part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR))
        continue;
      sock_extended_err word{};
      std::memcpy(&word, CMSG_DATA(part), sizeof word);
      if (word.ee_errno != ECONNREFUSED || !InternetName{about, 0}.IsLoopback()) continue;
      HubArrival& arrival = batch.Begin(gone++);
      arrival.what = HubArrival::What::kGone;
      arrival.from = KeyOf(about);
    }
  }
  return static_cast<int>(gone);
}

// The call for one costs a third less than the one for many that gets one. Both tell the true
// length of what was cut (MSG_TRUNC).
int64_t UdpMedium::ReceiveOne(HubBatch& batch) {
  socklen_t name_bytes = sizeof names_[0];
  const bool many = this->many();
  const int64_t got = ThroughSeam(loop_.sys(), Site::kRead, fd_, [&] {
    return recvfrom(fd_, batch.data(0), batch.slot_bytes(), MSG_DONTWAIT | MSG_TRUNC,
                    many ? reinterpret_cast<sockaddr*>(&names_[0]) : nullptr,
                    many ? &name_bytes : nullptr);
  });
  if (got < 0) return got;
  messages_[0].msg_len = static_cast<unsigned>(got);
  return 1;
}

int64_t UdpMedium::ReceiveMany(HubBatch& batch, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    parts_[i] = {batch.data(i), batch.slot_bytes()};
    msghdr& message = messages_[i].msg_hdr;
    message = {};
    message.msg_iov = &parts_[i];
    message.msg_iovlen = 1;
    if (many()) {
      message.msg_name = &names_[i];
      message.msg_namelen = sizeof names_[i];
    }
  }
  return ThroughSeam(loop_.sys(), Site::kRead, fd_, [&] {
    return recvmmsg(fd_, messages_.data(), count, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  });
}

absl::StatusOr<HubAdmission> UdpMedium::Admit(HubArrival& arrival) {
  HubAdmission admission;
  admission.key = arrival.from;
  admission.traits.caps = caps_;
  admission.traits.description = description_;
  if (!many()) {
    admission.peer = std::make_unique<UdpPeer>(fd_);
  } else {
    socklen_t bytes = 0;
    const sockaddr_storage name = NameOf(arrival.from, bytes);
    admission.traits.description = Text(description_, ", peer ", TextOf(name));
    admission.traits.peer_host = HostOf(name);
    admission.peer = std::make_unique<UdpPeer>(name, bytes);
  }
  return admission;
}

// Makes messages of what is queued first. Returns how many.
uint32_t UdpMedium::Gather(Link& link, const UdpPeer& to) {
  const uint32_t frames = std::min(link.tx_frames(), kMessagesMax);
  uint32_t count = 0;
  for (uint32_t at = 0; at < frames && link.NextTx(at).bytes <= kUdpFrameBytesMax; ++count) {
    const uint32_t bytes = link.NextTx(at).bytes;
    uint32_t datagrams = 0;
    do {
      const FrameRef& frame = link.NextTx(at + datagrams);
      if (frame.bytes > bytes) break;
      parts_[at + datagrams++] = {frame.data, frame.bytes};
      if (frame.bytes < bytes) break;
    } while (segments_ && datagrams < kSegmentsMax && at + datagrams < frames);
    datagrams_[count] = static_cast<uint8_t>(datagrams);
    msghdr& message = messages_[count].msg_hdr;
    message = {};
    message.msg_iov = &parts_[at];
    message.msg_iovlen = datagrams;
    at += datagrams;
    if (to.name_bytes != 0) {
      message.msg_name = const_cast<sockaddr_storage*>(&to.name);
      message.msg_namelen = to.name_bytes;
    }
    if (datagrams == 1) continue;
    message.msg_control = controls_[count].bytes;
    message.msg_controllen = sizeof controls_[count].bytes;
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const auto segment_bytes = static_cast<uint16_t>(bytes);
    std::memcpy(CMSG_DATA(control), &segment_bytes, sizeof segment_bytes);
  }
  return count;
}

int UdpMedium::Send(HubPeer& peer, Link& link) {
  if (!caps_.send) return -EOPNOTSUPP;
  auto& to = static_cast<UdpPeer&>(peer);
  if (places_ != nullptr && places_->IsSilent(loop_.now_ns()))
    places_->MoveOnFromSilence(loop_.sys(), fd_, loop_.now_ns());
  while (link.has_tx()) {
    const uint32_t count = Gather(link, to);
    if (count == 0) return -EMSGSIZE;  // who sends here has been told frame_bytes_max
    const int64_t sent = ThroughSeam(loop_.sys(), Site::kWrite, fd_, [&]() -> int64_t {
      constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
      if (count > 1 || datagrams_[0] > 1) return sendmmsg(fd_, messages_.data(), count, kFlags);
      const msghdr& one = messages_[0].msg_hdr;
      return sendto(fd_, one.msg_iov->iov_base, one.msg_iov->iov_len, kFlags,
                    static_cast<sockaddr*>(one.msg_name), one.msg_namelen) < 0
                 ? -1
                 : 1;
    });
    if (sent < 0 && MovesOn(sent)) continue;
    if (many() && sent == -ECONNREFUSED) {  // a word about whoever it was; nothing was sent
      told_gone_ = true;
      continue;
    }
    // An old system, a device that cannot, a way with a smaller MTU: each by itself, then.
    if (datagrams_[0] > 1 && IsSegmentRefusal(sent)) {
      segments_ = false;
      continue;
    }
    if (IsLoss(sent)) {
      counters_.unsent += datagrams_[0];
      link.PopTx(datagrams_[0]);
      continue;
    }
    if (sent < 0) return static_cast<int>(sent);
    for (int64_t i = 0; i < sent; ++i) link.PopTx(datagrams_[static_cast<size_t>(i)]);
  }
  return 0;
}

}  // namespace jackfield
