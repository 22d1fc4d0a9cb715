// One end of a connection of `sim:`: the driver of a link.
//
// Frames to this end lie in a ring of fixed depth, in the order sent:
//
//   freed … | taken_ … in the link's rx queue | next_ … under way, each with its moment | tail_
//
// Invariants:
//   1. taken_ ≤ next_ ≤ tail_, and tail_ - taken_ ≤ depth.
//   2. Moments never decrease from next_ to tail_: a connection keeps the order.
//   3. peer_ is null once either end is gone or the connection was cut.
//
// Thread: that of the medium. Owns: the frames that are on their way to it, with their descriptors.
#ifndef JACKFIELD_TRANSPORTS_SIM_SIM_END_H_
#define JACKFIELD_TRANSPORTS_SIM_SIM_END_H_

#include <array>
#include <cstdint>
#include <vector>

#include "kernel/link.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/timers.h"
#include "transports/sim/sim_medium.h"

namespace jackfield {

class SimEnd final : public LinkDriver {
 public:
  // Two ends are made one after the other and then joined.
  SimEnd(SimMedium& medium, Loop& loop, const SimSettings& settings, uint64_t seed);
  static void Join(SimEnd& a, SimEnd& b);
  ~SimEnd() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

  // ---- Faults, from the medium.
  void Lose(SimMedium::InFlight in_flight);  // the peer is gone
  void Stall(int64_t until_ns);
  void Mute() { muted_ = true; }  // sends nothing any more
  Loop& loop() const { return loop_; }
  SimEnd* peer() const { return peer_; }

 private:
  struct Flight {
    Block block;
    uint32_t bytes = 0;
    int64_t due_ns = 0;
    uint64_t from_epoch = 0;
    uint8_t fd_count = 0;
    std::array<int, kFdsMax> fds;
  };
  Flight& At(uint32_t index) { return ring_[index % ring_.size()]; }
  bool full() const { return tail_ - taken_ == ring_.size(); }
  bool Take(const FrameRef& frame, const Link::FdList* fds,
            uint64_t from_epoch);  // false: no room, or no memory
  void FreeTaken();
  void Deliver(Link& link, int64_t now_ns);
  void WakeSoon();
  void Free(Flight& flight);

  SimMedium& medium_;
  Loop& loop_;
  const SimSettings settings_;
  Random random_;
  SimEnd* peer_ = nullptr;
  Link* link_ = nullptr;  // since the first Pump
  Timer timer_;
  std::vector<Flight> ring_;
  uint32_t taken_ = 0, next_ = 0, tail_ = 0;
  int64_t last_due_ns_ = 0;
  int64_t stalled_until_ns_ = 0;
  bool peer_waits_ = false;  // for room here
  bool lost_ = false, muted_ = false, closed_ = false;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIM_SIM_END_H_
