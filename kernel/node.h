// A node: one thread, one loop, one reactor. It owns the links, and runs the channels and ports,
// that are opened on it.
//
//   absl::StatusOr<std::unique_ptr<Node>> node = Node::Create({.name = "greeter", .registry =
//   &registry});
//   (*node)->Run();   // until Stop()
//
// Thread: all of it, and of the channels and ports on it, belongs to the thread that made it, which
// also drives it (Run, RunUntil, Turn); but for handle(), which may be copied to other threads.
// Another thread is told so: opening, sending, answering and waiting are REFUSED (kMisuse) with
// both threads named, and turns end at once. What has no status to return (Close, Handle, a
// destructor) must not be called there at all while the node's thread uses it.
//
// One turn: completions → pump awake links, deliver frames → posted and deferred work, timers →
// pump the links that these have woken → and with nothing to do spin for the learned time, then
// sleep.
#ifndef JACKFIELD_KERNEL_NODE_H_
#define JACKFIELD_KERNEL_NODE_H_

#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/block_pool.h"
#include "kernel/clock.h"
#include "kernel/inline_function.h"
#include "kernel/link.h"
#include "kernel/list.h"
#include "kernel/mailbox.h"
#include "kernel/owner_mark.h"
#include "kernel/reactor.h"
#include "kernel/spin.h"
#include "kernel/sys.h"
#include "kernel/task.h"
#include "kernel/timers.h"

namespace jackfield {

class Address;
class Opening;
class Port;
class Registry;
class ServerCall;

// A coroutine that waits on a node. It lies in an awaiter, so it goes with the coroutine it would
// resume.
struct ReadyTag {};
class Suspended : public ListNode<ReadyTag> {
 public:
  inline void Suspend(Node& node, std::coroutine_handle<> waiting);
  // Makes the node resume it in a later part of this turn, or in the next: never under the feet of
  // who calls, so that the coroutine may destroy what it waited for. Does nothing when nobody is
  // suspended.
  inline void Resume(Node& node);
  void Forget() {  // the coroutine is being destroyed
    Unlink();
    waiting_ = nullptr;
  }

 private:
  friend class Node;
  std::coroutine_handle<> waiting_;
  ServerCall* call_ = nullptr;
};

// What goes on after its user has gone, for the node's grace at most: it ends by itself, or when it
// is destroyed.
struct LingerTag {};
class Lingering : public ListNode<LingerTag> {
 public:
  virtual ~Lingering() = default;
};
struct PortTag {};  // of the list of a node's ports

struct NodeOptions {
  std::string name = "node";           // for people; at most 64 bytes
  const Registry* registry = nullptr;  // outlives the node
  enum class Wait { kAny, kUring, kEpoll };
  // kAny: io_uring, or epoll where that is forbidden, which is logged once. JACKFIELD_REACTOR=epoll
  // in the environment means kEpoll, whatever stands here. When io_uring is refused later, epoll
  // takes over, which is logged too.
  Wait wait = Wait::kAny;
  int64_t spin_ns = Spin::kLearned;     // or Spin::kAlways, or a time; 0: sleep at once
  // Message memory: frames on their way in and out, messages that are kept, calls under way. 0:
  // what DefaultMemoryBytes finds (memory_limit.h): 256 MiB, or half of what a control group or
  // RLIMIT_AS allows. No peer gets all of it (memory_account.h); who is refused some is told which
  // limit it was.
  uint64_t memory_bytes_max = 0;
  Clock* clock = nullptr;               // tests; else CLOCK_MONOTONIC
  FaultSeam* seam = nullptr;            // tests
  uint64_t epoch = 0;                   // tests; else random
};

class Node {
 public:
  // Errors: RESOURCE_EXHAUSTED (descriptors), INVALID_ARGUMENT (no registry).
  static absl::StatusOr<std::unique_ptr<Node>> Create(NodeOptions options);
  // Closes every link and waits until no operation refers to this node's memory.
  // Requires: its channels and ports are gone.
  ~Node();
  Node(const Node&) = delete;

  // ---- Driving.

  // Until Stop(), which may have come before. Errors: as Usable.
  absl::Status Run();
  void Stop() {
    stopped_ = true;
  }  // from the node's thread; elsewhere: handle().Run([node] { node->Stop(); })
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

  // ---- The end of what was sent one way, and nobody waits for.

  // From now on such messages of a channel that is destroyed have `grace_ns` to be handled. Of
  // those that are not, and of those that a port had received and not handled when it was
  // destroyed, `on_loss` is told in a sentence ("950 of 1024 messages to log were not handled: …"),
  // once for each channel and port. Who was told by Close is not told again.
  void SetGrace(int64_t grace_ns, InlineFunction<void(const std::string& sentence)> on_loss) {
    grace_ns_ = grace_ns;
    on_loss_ = std::move(on_loss);
  }
  int64_t grace_ns() const { return grace_ns_; }        // 0: there is none
  bool lingers() const { return !lingering_.empty(); }  // does anything go on without its user?
  void EndLingering();                                  // at once
  void TellLoss(const std::string& sentence) {
    if (on_loss_) on_loss_(sentence);
  }

  // Is this process a forked child of the one that made the node? Then the node is its parent's
  // alone. The child's copy does nothing: turns and waits end at once, what is sent is REFUSED
  // (kMisuse), and destroying it and its channels and ports touches nothing that is shared. The
  // child may make a node of its own, which is its own business (a child that only calls exec needs
  // none).
  bool forked() const { return owner_.forked(); }

  // ---- Work.

  // Runs `task` in a later turn of this node, and owns it until it has ended (or the node). What
  // leaves it, or a function below, as an exception is said on stderr, and the node goes on.
  void Spawn(Task<void> task);
  // Runs `f` in a later part of this turn, or in the next.
  void Defer(InlineFunction<void()> f) { deferred_.push_back(std::move(f)); }
  void Schedule(Suspended& suspended) { ready_.PushBack(suspended); }
  // co_await node.Sleep(ns)
  auto Sleep(int64_t ns);

  // ---- For the kernel and for transports.

  // Ends a wait of the reactor's: when this returns `op` is not pending. It may complete meanwhile,
  // and others.
  void EndWait(Op& op);
  Link& AddLink(std::unique_ptr<LinkDriver> driver, LinkTraits traits, LinkOwner* owner);
  void RemoveLink(Link& link);  // closes it if need be; destroyed when its driver has ended
  void WakeLink(Link& link);    // pumped in the next pass
  // Stops it; in a forked child, where it is the parent's, lets it be.
  void EndOpening(std::unique_ptr<Opening> opening);
  // Takes `?spin=` out of an address and obeys it: 0, a duration, always or learned. It is the
  // node's, not one link's.
  absl::StatusOr<Address> TakeSpin(const Address& address);

  void Keep(Lingering& lingering) { lingering_.PushBack(lingering); }  // owns it
  List<Port, PortTag>& ports() { return ports_; }

  const std::string& name() const { return name_; }
  uint64_t epoch() const { return epoch_; }
  const Registry& registry() const { return *registry_; }
  Clock& clock() const { return *clock_; }
  int64_t now_ns() const { return now_ns_; }  // of this turn's beginning
  // The same, but outside a turn, where that is long ago, the clock is read; it is now_ns() then.
  int64_t FreshNowNs() {
    if (!in_turn_) now_ns_ = clock_->NowNs();
    return now_ns_;
  }
  uint64_t pass() const { return pass_; }  // counts the times that links were pumped
  Reactor& reactor() const { return *reactor_; }
  const Sys& sys() const { return sys_; }
  BlockPool& blocks() { return blocks_; }
  Timers& timers() { return timers_; }
  const MailboxHandle& handle() const { return mailbox_; }
  uint64_t NextRandom();  // of a generator seeded by the epoch
  // Names a service in chains of callers: the epoch for the first port of the node, other numbers
  // for those after it.
  uint64_t NewServiceNumber() { return epoch_ ^ (services_++ * 0x9e3779b97f4a7c15u); }

  // The call that the running handler serves, so that a call it makes inherits deadline, priority
  // and chain.
  ServerCall* current_call() const { return current_call_; }
  void SetCurrentCall(ServerCall* call) { current_call_ = call; }

 private:
  Node(NodeOptions options, std::unique_ptr<Clock> own_clock);
  absl::Status Init(NodeOptions::Wait wait);
  bool Pass(bool resting);
  void PumpWoken();
  bool HasDeferred() const { return !ready_.empty() || !deferred_.empty(); }
  bool RunDeferred();
  bool SpinOnce();
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
  const Registry* const registry_;
  const std::unique_ptr<Clock> own_clock_;
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

  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Link*> awake_;  // to be pumped
  bool removed_any_ = false;
  std::vector<InlineFunction<void()>> deferred_, running_;
  List<Suspended, ReadyTag> ready_;

  struct Spawned;
  Spawned* spawned_ = nullptr;

  List<Port, PortTag> ports_;
  List<Lingering, LingerTag> lingering_;
  int64_t grace_ns_ = 0;
  InlineFunction<void(const std::string&)> on_loss_;

  int64_t now_ns_ = 0;
  int64_t wait_began_ns_ = 0;  // 0: not waiting
  int64_t wait_budget_ns_ = 0;
  bool wait_preempted_ = false;
  int64_t last_look_ns_ = 0;
  uint32_t turns_since_poll_ = 0;
  uint64_t pass_ = 0;
  uint64_t random_;
  uint64_t services_ = 0;
  OwnerMark owner_;
  const int thread_;      // its number, for errors
  absl::Status failure_;  // why it is nobody's any more
  bool in_turn_ = false;
  bool stopped_ = false, interrupted_ = false;
  bool found_work_ = false;  // while spinning: this turn is not an idle one
  ServerCall* current_call_ = nullptr;
};

inline MemoryAccount& MemoryOf(Node& node) { return node.blocks(); }

// Implementation.

inline void Suspended::Suspend(Node& node, std::coroutine_handle<> waiting) {
  call_ = node.current_call();
  waiting_ = waiting;
}

inline void Suspended::Resume(Node& node) {
  if (waiting_ && !linked()) node.Schedule(*this);
}

class SleepAwaiter {
 public:
  SleepAwaiter(Node& node, int64_t ns) : node_(node), ns_(ns), timer_(OnFire, this) {}
  ~SleepAwaiter() { node_.timers().Cancel(timer_); }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(node_, waiting);
    node_.timers().Arm(timer_, AfterNs(node_.clock().NowNs(), ns_));
  }
  void await_resume() {}

 private:
  static void OnFire(Timer& timer) {
    auto* self = static_cast<SleepAwaiter*>(timer.user);
    self->suspended_.Resume(self->node_);
  }
  Node& node_;
  const int64_t ns_;
  Timer timer_;
  Suspended suspended_;
};

inline auto Node::Sleep(int64_t ns) { return SleepAwaiter(*this, ns); }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_NODE_H_
