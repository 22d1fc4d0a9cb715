// A name of `sim:` that is served: hands each new connection's end to the server's sink, some time
// after it was asked for.
//
// Thread: that of the medium. Owns: the ends that have not been handed over.
#ifndef JACKFIELD_TRANSPORTS_SIM_SIM_LISTENER_H_
#define JACKFIELD_TRANSPORTS_SIM_SIM_LISTENER_H_

#include <deque>
#include <memory>
#include <utility>

#include "kernel/loop/loop.h"
#include "kernel/transport.h"
#include "transports/sim/sim_end.h"

namespace jackfield {

class SimListener final : public Opening {
 public:
  // Requires: nobody serves at actual.target().
  SimListener(SimMedium& medium, Loop& loop, LinkSink& sink, Address actual, Caps caps)
      : medium_(medium),
        loop_(loop),
        sink_(sink),
        actual_(std::move(actual)),
        caps_(caps),
        timer_([](Timer& timer) { static_cast<SimListener*>(timer.user)->HandOver(); }, this) {
    medium_.Add(actual_.target(), *this);
    loop_.timers().Arm(timer_, 0);  // a later turn says that it serves
  }
  ~SimListener() override {
    medium_.Remove(actual_.target());
    loop_.timers().Cancel(timer_);
    waiting_.clear();
    medium_.Leave();
  }

  Loop& loop() const { return loop_; }
  void Accept(std::unique_ptr<SimEnd> end, int64_t due_ns) {
    if (!waiting_.empty()) due_ns = std::max(due_ns, waiting_.back().due_ns);
    waiting_.push_back({std::move(end), due_ns});
    if (told_) loop_.timers().Arm(timer_, waiting_.front().due_ns);
  }

 private:
  struct Waiting {
    std::unique_ptr<SimEnd> end;
    int64_t due_ns;
  };
  void HandOver() {
    if (!std::exchange(told_, true)) sink_.OnServing(actual_);
    while (!waiting_.empty() && waiting_.front().due_ns <= loop_.clock().NowNs()) {
      LinkTraits traits;
      traits.caps = caps_;
      traits.description = actual_.ToString();
      std::unique_ptr<SimEnd> end = std::move(waiting_.front().end);
      waiting_.pop_front();
      sink_.OnLink(std::move(end), std::move(traits));
    }
    if (!waiting_.empty()) loop_.timers().Arm(timer_, waiting_.front().due_ns);
  }

  SimMedium& medium_;
  Loop& loop_;
  LinkSink& sink_;
  const Address actual_;
  const Caps caps_;
  Timer timer_;
  bool told_ = false;
  std::deque<Waiting> waiting_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_SIM_SIM_LISTENER_H_
