// The packet engine, connected form: one frame is one packet of a socket that keeps boundaries
// (unix seqpacket, SCTP).
//
// Thread: the node's. Owns: its descriptor.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_PACKET_PACKET_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_PACKET_PACKET_DRIVER_H_

#include <cstdint>

#include "kernel/link.h"
#include "kernel/loop/reactor.h"

namespace jackfield {

class PacketDriver final : public LinkDriver {
 public:
  static constexpr uint32_t kReadBytes = 256
                                         << 10;  // of the block that a turn's packets are read into

  // How the system says that a packet has come whole: by not saying that it was cut, or by saying
  // that it has ended (MSG_EOR: SCTP, which may hand one over in parts when it runs out of room).
  enum class WholeBy : uint8_t { kNotTruncated, kEndOfRecord };

  PacketDriver(Loop& loop, int fd, uint32_t frame_bytes_max,
               WholeBy whole_by = WholeBy::kNotTruncated);
  ~PacketDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void PumpTx(Link& link);
  void PumpRx(Link& link);
  void Fail(Link& link, absl::Status why);
  void FinishClose();
  static void OnReady(Op& op, int32_t result);

  Loop& loop_;
  const int fd_;
  const uint32_t frame_bytes_max_;
  const WholeBy whole_by_;
  Link* link_ = nullptr;
  Op read_op_, write_op_;
  Block rx_;
  // In rx_: of a packet whose rest is still to come.
  uint32_t part_at_ = 0, part_bytes_ = 0;
  bool tx_broken_ = false, failing_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_PACKET_PACKET_DRIVER_H_
