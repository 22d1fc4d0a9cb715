// Wakes whoever waits for something to happen to the services of a wiring, and then looks whether
// it is what it waits for.
//
//   while (!ended()) co_await stir.Next();
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_STIR_H_
#define JACKFIELD_TOOLS_SUPERVISOR_STIR_H_

#include <coroutine>
#include <cstdint>

#include "kernel/base/list.h"
#include "kernel/loop/loop.h"

namespace jackfield {

class Stir {
 public:
  explicit Stir(Loop& loop) : loop_(loop) {}
  Stir(const Stir&) = delete;
  // Requires: nobody waits any more.
  ~Stir() = default;

  // Something has happened. Whoever waits goes on later, not from in here.
  void Wake() {
    while (Waiter* waiter = waiters_.front()) waiter->End();
  }

  struct WaiterTag {};
  class Waiter : public ListNode<WaiterTag> {
   public:
    Waiter(Stir& stir, int64_t until_ns) : stir_(stir), until_ns_(until_ns) {}
    ~Waiter() { stir_.loop_.timers().Cancel(timer_); }
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      suspended_.Suspend(stir_.loop_, waiting);
      stir_.waiters_.PushBack(*this);
      if (until_ns_ != Timers::kNever) stir_.loop_.timers().Arm(timer_, until_ns_);
    }
    void await_resume() {}

   private:
    friend class Stir;
    void End() {
      Unlink();
      suspended_.Resume(stir_.loop_);
    }
    Stir& stir_;
    const int64_t until_ns_;
    Suspended suspended_;
    Timer timer_{[](Timer& timer) { static_cast<Waiter*>(timer.user)->End(); }, this};
  };
  // co_await it: until the next Wake, or that time of the loop's clock.
  Waiter Next(int64_t until_ns = Timers::kNever) { return Waiter(*this, until_ns); }

 private:
  Loop& loop_;
  List<Waiter, WaiterTag> waiters_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_STIR_H_
