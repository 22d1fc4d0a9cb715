// A loop: one thread that waits for descriptors, timers and other threads, and pumps what is awake.
// What it pumps it does not know (pumped.h): a node puts links into it.
//
// Thread: all of it belongs to the thread that made it, which also drives it (Run, RunUntil, Turn);
// but for handle(), which may be copied to other threads. Another thread is told so: what returns a
// status is REFUSED (kMisuse) with both threads named, and turns end at once.
//
// One turn: completions → pump what is awake → posted and deferred work, timers → pump what these
// have woken → and with nothing to do spin for the learned time, then sleep.
#ifndef JACKFIELD_KERNEL_LOOP_LOOP_H_
#define JACKFIELD_KERNEL_LOOP_LOOP_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/base/clock.h"
#include "kernel/base/duration.h"
#include "kernel/base/inline_function.h"
#include "kernel/base/list.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/mailbox.h"
#include "kernel/loop/owner_mark.h"
#include "kernel/loop/pumped.h"
#include "kernel/loop/reactor.h"
#include "kernel/loop/spin.h"
#include "kernel/loop/sys.h"
#include "kernel/loop/task.h"
#include "kernel/loop/timers.h"

namespace jackfield {

class FrameLog;  // kernel/frame_log.h

// A coroutine that waits on a loop. Member of an awaiter; destroyed with the coroutine.
struct ReadyTag {};
class Suspended : public ListNode<ReadyTag> {
 public:
  inline void Suspend(Loop& loop, std::coroutine_handle<> waiting);
  // Makes the loop resume it in a later part of this turn, or in the next: never under the feet of
  // who calls, so that the coroutine may destroy what it waited for. Does nothing when nobody is
  // suspended.
  inline void Resume(Loop& loop);
  void Forget() {  // the coroutine is being destroyed
    Unlink();
    waiting_ = nullptr;
  }

 private:
  friend class Loop;
  std::coroutine_handle<> waiting_;
  void* context_ = nullptr;
};

struct LoopOptions {
  std::string name = "node";  // for people; at most 64 bytes
  enum class Wait { kAny, kUring, kEpoll };
  // kAny: io_uring, or epoll where that is forbidden, which is logged once. JACKFIELD_REACTOR=epoll
  // in the environment means kEpoll, whatever stands here. When io_uring is refused later, epoll
  // takes over, which is logged too.
  Wait wait = Wait::kAny;
  int64_t spin_ns = Spin::kLearned;  // or Spin::kAlways, or a time; 0: sleep at once
  uint64_t memory_bytes_max = 0;     // of its blocks; 0: DefaultMemoryBytes (memory_limit.h)
  Clock* clock = nullptr;            // tests; else CLOCK_MONOTONIC
  FaultSeam* seam = nullptr;         // tests
  uint64_t epoch = 0;                // tests; else random
};

class Loop {
 public:
  // Errors: RESOURCE_EXHAUSTED (descriptors).
  static absl::StatusOr<std::unique_ptr<Loop>> Create(LoopOptions options);
  // Ends what it pumps and waits until no operation refers to this loop's memory.
  virtual ~Loop();
  Loop(const Loop&) = delete;

  // ---- Driving.

  // Until Stop(), which may have come before. Errors: as Usable.
  absl::Status Run();
  void Stop() { stopped_ = true; }
  // Turns until `done()` holds or `deadline_ns` (of clock()) has passed. False: the latter; or at
  // once, inside a turn, which cannot wait for another, and where Usable is an error.
  template <class Done>
  bool RunUntil(Done done, int64_t deadline_ns = Timers::kNever) {
    while (!done()) {
      if (in_turn_) return false;
      if (deadline_ns != Timers::kNever && clock().NowNs() >= deadline_ns) return done();
      if (!Turn(deadline_ns) && !usable()) return done();
    }
    return true;
  }
  static constexpr int64_t kDoNotSleep = INT64_MIN;
  // One turn. Sleeps at most until `sleep_until_ns`. Returns whether anything happened; false at
  // once where Usable is an error. Requires: !in_turn().
  bool Turn(int64_t sleep_until_ns = Timers::kNever);
  bool in_turn() const { return in_turn_; }

  // Where another loop (libuv, GLib, asyncio) drives the thread, it takes turns that do not sleep,
  // and watches a descriptor meanwhile. In each of its rounds:
  //
  //   if (loop->Turn(Loop::kDoNotSleep) || !loop->PrepareSleep()) …come back at once…
  //   else …come back when poll_fd() is readable, or at wake_ns() (of clock())…
  //
  // PrepareSleep arms all that wakes the descriptor. False: there is something to do; over io_uring
  // always, for its wakes do not reach another loop (docs/decisions/0019): all works, and the
  // thread never sleeps, so make the loop with Wait::kEpoll. Where Usable is an error it is true,
  // for turns do nothing more. Requires: !in_turn(). Thread: the loop's.
  bool PrepareSleep();
  // The loop's own, not to be read or closed. It is another one when the reactor was replaced: ask
  // again after each PrepareSleep.
  int poll_fd() const { return reactor_->fd(); }
  int64_t wake_ns() const { return timers_.next_ns(); }  // Timers::kNever: no timer is armed

  // May the caller use the node? Errors: REFUSED (kMisuse: in another thread than the node's, or in
  // a forked child); FAILED (kResource: the system refuses to wait for anything; the node then does
  // nothing more, as if it had been interrupted and stopped).
  absl::Status Usable() const {
    if (usable()) [[likely]]
      return absl::OkStatus();
    return WhyUnusable();
  }
  bool usable() const { return owner_.mine(); }
  // Ends the blocking waits of this thread (Call().Wait() and its like) as CANCELLED, and every
  // later one: the program is asked to stop. From the node's thread.
  void Interrupt() { interrupted_ = true; }
  bool interrupted() const { return interrupted_ || !usable(); }

  // Is this process a forked child of the one that made the node? Then the node is its parent's
  // alone. The child's copy does nothing: turns and waits end at once, what is sent is REFUSED
  // (kMisuse), and destroying it and its channels and ports touches nothing that is shared. The
  // child may make a node of its own, which is its own business (a child that only calls exec needs
  // none).
  bool forked() const { return owner_.forked(); }

  // ---- Work.

  // Runs `task` in a later turn of this loop, and owns it until it has ended (or the loop). What
  // leaves it, or a function below, as an exception is said on stderr, and the loop goes on.
  void Spawn(Task<void> task);
  // Runs `f` in a later part of this turn, or in the next; or at the loop's end.
  void Defer(InlineFunction<void()> f) { deferred_.push_back(std::move(f)); }
  void Schedule(Suspended& suspended) { ready_.PushBack(suspended); }
  // co_await loop.Sleep(10ms)
  auto Sleep(nanoseconds time);

  // ---- For the kernel and for transports.

  // Ends a wait of the reactor's: when this returns `op` is not pending. It may complete meanwhile,
  // and others.
  void EndWait(Op& op);
  // Pumps it from the next pass on, until it has ended, and owns it.
  void Add(std::unique_ptr<Pumped> pumped);
  void Remove(Pumped& pumped);  // ends it if need be; destroyed when it has ended
  void Wake(Pumped& pumped);    // pumped in the next pass
  void SetSpin(int64_t spin_ns) { spin_ = Spin(spin_ns, may_spin_); }  // as LoopOptions::spin_ns

  const std::string& name() const { return name_; }
  // Tells this life of this loop from every other; never 0.
  uint64_t epoch() const { return epoch_; }
  Clock& clock() const { return *clock_; }
  int64_t now_ns() const { return now_ns_; }  // of this turn's beginning
  // The same, but outside a turn, where that is long ago, the clock is read; it is now_ns() then.
  int64_t FreshNowNs() {
    if (!in_turn_) now_ns_ = clock_->NowNs();
    return now_ns_;
  }
  uint64_t pass() const { return pass_; }  // counts the times that what is awake was pumped
  Reactor& reactor() const { return *reactor_; }
  const Sys& sys() const { return sys_; }
  BlockPool& blocks() { return blocks_; }
  Timers& timers() { return timers_; }
  const MailboxHandle& handle() const { return mailbox_; }
  uint64_t NextRandom();  // of a generator seeded by the epoch

  // Where the sessions on it note what they send and receive (kernel/frame_log.h); null: nowhere.
  FrameLog* frame_log() const { return frame_log_; }
  void SetFrameLog(FrameLog* log) { frame_log_ = log; }

  // On whose behalf the code that runs now runs; a coroutine that waits gets it back. Null at the
  // end of each piece of work.
  void* context() const { return context_; }
  void SetContext(void* context) { context_ = context; }

 protected:
  explicit Loop(LoopOptions options);
  absl::Status Init(LoopOptions::Wait wait);
  // The first part of the end: destroys the spawned tasks.
  void EndSpawned();
  // The last: ends what is pumped, and runs what was posted. Does nothing the second time.
  void Drain();

 private:
  bool Pass(bool resting);
  void LearnPatience(Pumped& woken) const;
  void PumpWoken();
  bool HasDeferred() const { return !ready_.empty() || !deferred_.empty(); }
  bool RunDeferred();
  bool RunFunctions();
  bool SpinOnce();
  bool ArmAll();
  bool RunPosted();
  void SleepOrSpin(int64_t sleep_until_ns);
  absl::Status WhyUnusable() const;
  // What a Poll or Wait of the reactor returned; when that can do no more another takes its place.
  int Completed(int result) { return result >= 0 ? result : ReplaceReactor(-result); }
  int ReplaceReactor(int error);
  void Fail(absl::Status why);
  void OnMail(int32_t result);
  void DestroyRemoved();

  const std::string name_;
  const uint64_t epoch_;
  const std::unique_ptr<Clock> own_clock_;  // null: the user's
  Clock* const clock_;
  const Sys sys_;
  BlockPool blocks_;
  Timers timers_;
  MailboxHandle mailbox_;
  std::unique_ptr<Reactor> reactor_;
  uint32_t reactors_ = 1;  // that there have been
  Op mail_op_;
  uint32_t mail_refusals_ = 0;  // of waits for the mailbox, in a row
  const bool may_spin_;
  Spin spin_;

  std::vector<std::unique_ptr<Pumped>> pumped_;
  std::vector<Pumped*> awake_;  // of these: to be pumped
  bool removed_any_ = false;
  std::vector<InlineFunction<void()>> deferred_, running_;
  List<Suspended, ReadyTag> ready_;

  struct Spawned;
  Spawned* spawned_ = nullptr;

  int64_t now_ns_ = 0;
  int64_t wait_began_ns_ = 0;  // 0: not waiting
  int64_t wait_budget_ns_ = 0;
  bool wait_preempted_ = false;
  int64_t last_look_ns_ = 0;
  uint32_t turns_since_poll_ = 0;
  uint64_t pass_ = 0;
  uint64_t random_;
  OwnerMark owner_;
  const int thread_;      // its number, for errors
  absl::Status failure_;  // why it is nobody's any more
  bool in_turn_ = false;
  bool sleeps_elsewhere_ = false;  // since PrepareSleep
  bool stopped_ = false, interrupted_ = false;
  bool found_work_ = false;  // while spinning: this turn is not an idle one
  void* context_ = nullptr;
  FrameLog* frame_log_ = nullptr;
};

inline MemoryAccount& MemoryOf(Loop& loop) { return loop.blocks(); }

// Implementation.

inline void Suspended::Suspend(Loop& loop, std::coroutine_handle<> waiting) {
  context_ = loop.context();
  waiting_ = waiting;
}

inline void Suspended::Resume(Loop& loop) {
  if (waiting_ && !linked()) loop.Schedule(*this);
}

class SleepAwaiter {
 public:
  SleepAwaiter(Loop& loop, int64_t ns) : loop_(loop), ns_(ns), timer_(OnFire, this) {}
  ~SleepAwaiter() { loop_.timers().Cancel(timer_); }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(loop_, waiting);
    loop_.timers().Arm(timer_, AfterNs(loop_.clock().NowNs(), ns_));
  }
  void await_resume() {}

 private:
  static void OnFire(Timer& timer) {
    auto* self = static_cast<SleepAwaiter*>(timer.user);
    self->suspended_.Resume(self->loop_);
  }
  Loop& loop_;
  const int64_t ns_;
  Timer timer_;
  Suspended suspended_;
};

inline auto Loop::Sleep(nanoseconds time) { return SleepAwaiter(*this, time.count()); }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_LOOP_H_
