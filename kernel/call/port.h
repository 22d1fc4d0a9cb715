// A service's end: serves at one or more addresses, receives messages and dispatches them to
// handlers.
//
//   auto port = Port::Open(*node, {"unix:@greeter"});
//   (*port)->Handle(kGreet, [](ServerCall& call) { call.Reply(Bytes("hello")).IgnoreError(); });
//   (*port)->HandleTask(kLookup, [&](ServerCall& call) -> Task<absl::Status> { … co_await … });
//
// Messages are dispatched by priority, in order of arrival within one; at most handlers_max are
// under way, the rest waits here, and in the end in the senders: credit bounds what can wait.
//
// Thread: the node's. Destroy it before the node, and not from within one of its handlers. A
// destroyed port cancels the calls under way: no ServerCall of it may be touched any more. One-way
// messages that had come and are not handled then are told to Node::SetGrace's listener.
#ifndef JACKFIELD_KERNEL_CALL_PORT_H_
#define JACKFIELD_KERNEL_CALL_PORT_H_

#include <array>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/base/list.h"
#include "kernel/call/awaiter.h"
#include "kernel/call/gate.h"
#include "kernel/call/interface.h"
#include "kernel/call/server_call.h"
#include "kernel/node.h"
#include "kernel/refusal_notes.h"
#include "kernel/session.h"
#include "kernel/transport.h"

namespace jackfield {

struct PortOptions {
  uint32_t handlers_max = 1024;    // calls under way at once; 1: one after the other
  uint32_t sessions_max = 16'384;  // clients at once; one more is refused
  // Connections that have not said hello, at once: one more pushes out the oldest, if that has said
  // nothing for `silent`. 0: half of what sessions_max and RLIMIT_NOFILE leave beside the clients
  // that have said hello. Where descriptors run out, the oldest goes as well.
  uint32_t silent_max = 0;
  nanoseconds silent = 100ms;
  bool reentrant = false;  // it may be called by a service that it waits for
  SessionLimits session = {};
  Caps needs = CallNeeds();
  uint32_t message_bytes_max = kMessageBytesDefault;  // as in ChannelOptions
  const Gate* gate = nullptr;                         // who may call; nullptr: who can reach it
};

class Port : public ListNode<PortTag> {
 public:
  using Handler = InlineFunction<void(ServerCall&)>;
  using TaskHandler = InlineFunction<Task<absl::Status>(ServerCall&)>;

  // Errors: INVALID_ARGUMENT, FAILED_PRECONDITION (needs not met), and the transports' own.
  // Addresses that can only be known later to fail (serving() stays false) are reported by
  // failure().
  static absl::StatusOr<std::unique_ptr<Port>> Open(Node& node,
                                                    const std::vector<std::string>& addresses,
                                                    PortOptions options = {});
  ~Port();
  Port(const Port&) = delete;

  // ---- Handlers; set before the first message is dispatched (in the turn that opened the port).
  // A type has one: who sets a second one makes it unusable. Its calls are REFUSED with the reason,
  // which is in failure(), too.

  // Plain: must answer a request before it returns, or Hold() it. Else the caller gets INTERNAL.
  void Handle(uint32_t type, Handler handler);
  // A coroutine: the status it returns is the answer, unless it has replied.
  void HandleTask(uint32_t type, TaskHandler handler);
  // A call of a type without a handler is answered UNIMPLEMENTED.
  // Pull instead: a message of one of `types` (of any, if empty), the most urgent and oldest first;
  // others stay. Types that are received so need no handler. nullptr when the port
  // closes, or has closed. Finish(call) when done with it.
  class ReceiveAwaiter;
  ReceiveAwaiter Receive(std::vector<uint32_t> types);
  void Finish(ServerCall& call);
  // Types without a handler are kept for Receive from the beginning.
  void KeepForReceive() { pulls_ = true; }
  // Says that the handlers are those of `interface`, which outlives the port. The stubs' RegisterOn
  // does it.
  void AddInterface(const Interface& interface) { interfaces_.push_back(&interface); }
  const std::vector<const Interface*>& interfaces() const { return interfaces_; }

  // Messages wait until the node's next turn after Resume, so that handlers can be set in peace.
  // Service::Serve does both.
  void Pause() { pace_ = Pace::kPaused; }
  void Resume() {
    pace_ = Pace::kResuming;
    node_.timers().Arm(work_timer_, 0);
  }

  // ---- Addresses, while it serves.

  // One more. `told`, once, perhaps from in here: where it serves, or why not; then the port is as
  // it was. Errors, and it is not told: as Open, and REFUSED (closed: it serves no more).
  using ServingToldFunction = InlineFunction<void(const absl::StatusOr<Address>& actual)>;
  absl::Status ServeAt(std::string_view address, ServingToldFunction told);
  // No client comes there any more; those that came stay. Errors: NOT_FOUND.
  absl::Status LeaveAddress(const Address& actual);

  // ---- Questions.
  bool serving() const;  // at all addresses that it was opened with
  // With what the transports chose filled in.
  const std::vector<Address>& addresses() const { return actual_; }
  const absl::Status& failure() const { return failure_; }
  // Blocks until it serves at every address. Errors: why not.
  absl::Status WaitServing();
  uint32_t clients() const { return static_cast<uint32_t>(seats_.size()); }
  uint32_t calls_under_way() const { return under_way_; }
  uint32_t waiting() const { return waiting_; }
  uint64_t denied() const { return denied_; }       // clients and messages that the gate refused
  std::optional<CallUnderWay> oldest_call() const;  // of both, without streams; looks at each
  Ledger ledger() const;                            // of all clients, those gone included
  std::string NameOf(uint32_t type) const;          // "greet.Greeter/Greet", or "type 7": for texts
  Node& node() const { return node_; }
  // Told when a client's session has ended, with why; in a later turn.
  void OnClientGone(std::function<void(const std::string& name, const absl::Status& why)> f) {
    on_gone_ = std::move(f);
  }

  // Says goodbye to the clients, whose new calls are then refused at their own end (REFUSED,
  // closed), and takes no new ones. What they had sent before they heard it is still handled, while
  // the node turns; but a new stream is refused.
  void StartClose();
  // After it: has everything that came been handled, as far as can be seen? Streams that are open
  // do not count, nor clients that have not answered the goodbye.
  bool at_rest() const;
  // Have also these ended, and answered?
  bool closed() const;
  // StartClose, and waits at most so long until it is closed(). Blocks: outside handlers only.
  // Returns a receipt for each client there was.
  std::vector<Receipt> Close(nanoseconds timeout);

  // For tests: the first rule that is broken, here or in what it stands on.
  absl::Status CheckInvariants() const;

 private:
  friend struct TestPeer;
  struct Invariants;  // port_invariants.cc
  friend class PortSeat;
  friend class ServerCall;
  struct HandlerEntry {
    uint32_t type;
    Handler plain;
    TaskHandler task;
  };
  struct Listener;  // one address
  struct SilentTag {};

  Port(Node& node, PortOptions options);
  void Take(const class PortSeat& seat, Session& session, Session::Received& received);
  void NoteDenied(const absl::Status& why);
  bool IsDenied(const class PortSeat& seat, ServerCall& call);
  bool Dispatch(ServerCall& call, HandlerEntry* entry);
  void FailThrown(ServerCall& call, const std::exception_ptr& thrown);
  bool LivesAfterThrow(ServerCall& call);
  void StartTask(ServerCall& call, Task<absl::Status> task);
  void WatchDeadline(const ServerCall& call);
  void Work();
  absl::StatusOr<std::unique_ptr<Listener>> NewListener(std::string_view address);
  void ListAddresses();
  void StopServing();
  static absl::Status Closed();
  bool IsReceived(uint32_t type) const;
  HandlerEntry* NewEntry(uint32_t type);  // nullptr: it has one
  HandlerEntry* Find(uint32_t type);
  std::vector<HandlerEntry>::iterator PlaceOf(uint32_t type);
  bool OfferToReceivers(ServerCall& call);
  void TakeBack(ServerCall& call);  // from a receiver that is gone: it waits for the next
  void Remember(ServerCall& call);
  void Queue(ServerCall& call);
  void DispatchWaiting();
  void EndReceivers();  // each gets nullptr
  void End(ServerCall& call);
  bool Busy() const { return under_way_ >= options_.handlers_max; }
  absl::Status CheckChain(const ServerCall& call) const;
  absl::Status NoMemory() const;
  void TellOfCancel(ServerCall& call);  // in a later turn, unless it ends before
  void TellUntold();
  void OnDeadline();
  void OnSessionEnd(class PortSeat& seat, const absl::Status& why);
  uint32_t SilentMax() const;
  bool PushOutSilent();  // the oldest; false: none has been silent for long enough
  void TellLoss();

  Node& node_;
  const uint64_t service_number_;  // in chains of callers
  const PortOptions options_;
  std::vector<std::unique_ptr<Listener>> openings_;
  std::vector<Address> actual_;
  absl::Status failure_;
  std::vector<std::unique_ptr<class PortSeat>> seats_;
  List<class PortSeat, SilentTag> silent_;  // have not said hello, the oldest first
  uint32_t silent_count_ = 0;
  RefusalNotes notes_;
  std::vector<HandlerEntry> handlers_;  // by type
  std::vector<const Interface*> interfaces_;
  std::array<List<ServerCall, CallTag>, kPriorityLevels> inbox_;
  List<ServerCall, CallTag> running_, ended_;
  CallTable calls_;  // those of inbox_ and running_
  ReceiveAwaiter* receivers_ = nullptr;
  enum class Life : uint8_t { kServes, kCloses, kClosed };  // kClosed: Receive brings nothing more
  enum class Pace : uint8_t { kDispatches, kPaused, kResuming };
  Life life_ = Life::kServes;
  Pace pace_ = Pace::kDispatches;
  bool pulls_ = false, mixed_priorities_ = false, dispatching_ = false;
  bool holds_back_ = false;  // a one-way link has frames for which there was no room
  uint32_t under_way_ = 0, waiting_ = 0, untold_ = 0;  // untold_: at most so many
  uint64_t denied_ = 0;
  uint64_t lost_ = 0;  // one-way messages of clients that are gone, for which there was no room
  Timer deadline_timer_, work_timer_;
  Ledger gone_;
  std::function<void(const std::string&, const absl::Status&)> on_gone_;
};

class Port::ReceiveAwaiter : public Awaiter<ReceiveAwaiter> {
 public:
  ReceiveAwaiter(Port& port, std::vector<uint32_t> types) : port_(port), types_(std::move(types)) {}
  ~ReceiveAwaiter();
  bool await_ready();
  bool done() const { return done_; }
  ServerCall* await_resume() {
    if (call_ != nullptr) call_->handed_ = nullptr;
    return std::exchange(call_, nullptr);
  }
  Loop& loop() const { return port_.node_; }

 private:
  friend class Port;
  bool Wants(uint32_t type) const;
  Port& port_;
  const std::vector<uint32_t> types_;
  ServerCall* call_ = nullptr;
  bool done_ = false, listed_ = false;
  ReceiveAwaiter* next_ = nullptr;
};

inline Port::ReceiveAwaiter Port::Receive(std::vector<uint32_t> types) {
  return ReceiveAwaiter(*this, std::move(types));
}

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PORT_H_
