// A UDP socket as a medium of the hub: a server's, which tells its peers apart by their addresses,
// and a client's, which is connected to one.
//
// That nobody is there the system says by ICMP (RFC 1122, 4.1.3.3). A client's socket is told so by
// its next call. A server's on loopback has a queue of such words (ip(7), IP_RECVERR), each with
// the address that it is about; while there is one any call may fail with it instead of doing its
// work.
//
// Thread: the node's. Owns: the socket.
#ifndef JACKFIELD_TRANSPORTS_UDP_UDP_MEDIUM_H_
#define JACKFIELD_TRANSPORTS_UDP_UDP_MEDIUM_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "kernel/loop/loop.h"
#include "transports/engine/hub/hub_batch.h"
#include "transports/engine/hub/hub_medium.h"
#include "transports/udp/places.h"

namespace jackfield {

struct UdpCounters {
  uint64_t malformed = 0;  // no frame by its size or its first bytes: dropped
  uint64_t unsent =
      0;  // datagrams that the system would not take: a full queue, no route, a packet filter
};

class UdpPeer;

class UdpMedium final : public HubMedium {
 public:
  // places: of a client's, connected socket; null: it is a server's, and only bound.
  UdpMedium(Loop& loop, int fd, std::unique_ptr<UdpPlaces> places, const Caps& caps,
            std::string description);
  ~UdpMedium() override;

  uint32_t arrival_bytes_max() const override;
  int readable_fd() const override { return fd_; }
  int Receive(HubBatch& batch) override;
  absl::Status WhyBroken(int error, std::string_view what) const override;
  absl::StatusOr<HubAdmission> Admit(HubArrival& arrival) override;
  void RefuseAdmission(HubArrival&, std::string_view) override {}  // a datagram is not answered
  int Send(HubPeer& peer, Link& link) override;
  bool SayGoodbye(HubPeer&) override { return true; }  // nothing in UDP says it

  const UdpCounters& counters() const { return counters_; }

 private:
  static constexpr uint32_t kMessagesMax = 64;  // in one system call
  // Datagrams of one size that the system cuts from one message, and so carries once through most
  // of its layers (udp(7), UDP_SEGMENT); the last may be shorter.
  static constexpr uint32_t kSegmentsMax = 48;
  struct SegmentControl {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(uint16_t))];
  };
  bool many() const { return places_ == nullptr; }
  bool MovesOn(int64_t error);
  int TakeGone(HubBatch& batch);
  // Fill names_ and the lengths in messages_. Return how many came, or -errno.
  int64_t ReceiveOne(HubBatch& batch);
  int64_t ReceiveMany(HubBatch& batch, uint32_t count);
  uint32_t Gather(Link& link, const UdpPeer& to);

  Loop& loop_;
  const int fd_;
  const std::unique_ptr<UdpPlaces> places_;
  const Caps caps_;
  const std::string description_;
  UdpCounters counters_;
  std::array<mmsghdr, kMessagesMax> messages_{};
  std::array<iovec, kMessagesMax> parts_{};
  std::array<sockaddr_storage, kMessagesMax> names_{};
  std::array<uint8_t, kMessagesMax> datagrams_{};  // of each message to be sent
  std::array<SegmentControl, kMessagesMax> controls_{};
  bool segments_ = true;    // until the system has refused it
  bool told_gone_ = false;  // words about peers that have gone may wait
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_UDP_UDP_MEDIUM_H_
