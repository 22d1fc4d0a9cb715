// The link driver of one peer of a hub.
//
// The end, whoever brings it: what arrived before it is delivered first. A peer's death is known by
// its watch descriptor, which may be faster than the frames it sent; so the endpoint is read until
// it is empty once, and only then the link is told.
//
// Thread: the node's. Owns: the medium's HubPeer, and the frames queued for this link.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_DRIVER_H_
#define JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_DRIVER_H_

#include <cstdint>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/reactor.h"
#include "kernel/loop/timers.h"
#include "transports/engine/hub/hub.h"

namespace jackfield {

class HubDriver final : public LinkDriver {
 public:
  HubDriver(Hub& hub, HubKey key, std::unique_ptr<HubPeer> peer);
  ~HubDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

  // ---- For the hub.
  const HubKey& key() const { return key_; }
  bool full() const { return queue_.bytes >= hub_.limits().peer_bytes_max; }
  void Take(HubSlot& slot);                       // a frame; the driver now has it
  int64_t heard_ns() const { return heard_ns_; }  // when the last one came, or it was admitted
  // The peer is gone. drained: everything that it sent has been handed over already.
  enum class Drained : uint8_t { kYes, kNotYet };
  void PeerGone(absl::Status why, Drained drained);

 private:
  struct Queue {
    HubSlot* first = nullptr;
    HubSlot* last = nullptr;
    uint64_t bytes = 0;
    void Push(HubSlot& slot);
    HubSlot& Pop();
  };
  void Send(Link& link);
  void Receive(Link& link);
  void ReleaseDelivered();
  void AwaitRoom();
  void Retry();
  void CountFull();
  void Finish();  // stops what runs; when nothing does, tells the link
  absl::Status Gone(int error) const;
  static void OnOp(Op& op, int32_t result);

  Hub& hub_;
  const HubKey key_;
  std::unique_ptr<HubPeer> peer_;
  Link* link_ = nullptr;  // since the first Pump
  Queue queue_;           // arrived
  Queue delivered_;       // lies in the link's queue
  bool counted_full_ = false;
  int64_t heard_ns_;

  Op watch_op_, room_op_;
  Timer retry_;
  int64_t retry_ns_ = 0;
  uint32_t drain_left_ = 0;  // looks at the endpoint before the end is told
  int64_t goodbye_until_ns_ = 0;
  bool peer_gone_ = false, ending_ = false, said_goodbye_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_HUB_HUB_DRIVER_H_
