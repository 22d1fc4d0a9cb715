// The chaos shim as a driver: it has the inner driver in a link of its own, and a lane for each
// direction between the two.
//
//   outer tx queue → out_ → inner link → medium
//   outer rx queue ← in_  ← inner link ←
//
// Invariants:
//   1. A frame is in one place: popped from a queue only when the lane, or the next queue, has it.
//   2. What lies in the outer rx queue lies in delivered_, until the queue is empty again.
//   3. The outer link hears of the inner one's end when in_ is empty: what came before the end is
//   delivered first.
//
// Thread: the node's.
#ifndef JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_DRIVER_H_
#define JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_DRIVER_H_

#include <deque>
#include <memory>

#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "transports/shim/chaos/chaos.h"
#include "transports/shim/chaos/chaos_lane.h"

namespace jackfield {

class ChaosDriver final : public LinkDriver, private LinkOwner {
 public:
  ChaosDriver(Loop& loop, const ChaosSettings& settings, std::unique_ptr<LinkDriver> inner,
              const LinkTraits& inner_traits);
  ~ChaosDriver() override;

  void Pump(Link& link) override;
  void Close(Link& link) override;

 private:
  void Enclose(Link& link);  // from now on the inner link wakes this one
  void TakeOut(Link& link);  // outer tx → out_
  void PassOut();            // out_ → inner
  void TakeIn();             // inner rx → in_
  void PassIn(Link& link);   // in_ → outer rx
  void Cut();
  void OnFrames(Link&) override { TakeIn(); }
  void OnRoom(Link&) override {}  // PassOut follows in the same pump
  void OnLost(Link& inner, uint64_t frames) override;
  void OnClosed(Link& inner, const absl::Status& why) override;
  void ArmTimer();

  Loop& loop_;
  Link inner_;
  Link* outer_ = nullptr;  // since the first Pump
  ChaosLane out_, in_;
  std::deque<ChaosLane::Held> delivered_;
  int64_t now_ns_ = 0;  // of this Pump
  Timer timer_;
  bool deaf_ = false;  // cut or closing: what still arrives is thrown away
  bool cut_ = false, inner_closed_ = false, closed_ = false;
  absl::Status why_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SHIM_CHAOS_CHAOS_DRIVER_H_
