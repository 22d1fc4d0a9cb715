// A client's end: calls, one-way sends and streams to one service, over whatever medium its address
// names.
//
//   auto channel = Channel::Open(*node, "unix:@greeter");
//   absl::StatusOr<Message> reply = (*channel)->Call(kGreet, Bytes("Ada")).Wait();      blocking
//   absl::StatusOr<Message> reply = co_await (*channel)->Call(kGreet, Bytes("Ada"));    coroutine
//   (*channel)->CallAsync(kGreet, Bytes("Ada"), {}, [](Answer& answer) { … });
//   Future<Message> reply = (*channel)->CallFuture(kGreet, Bytes("Ada"));               later
//
// One mechanism: a call is a slot in a table and someone to tell. Each call ends exactly once: with
// the handler's answer (a message, or the status it chose), or with an outcome
// (kernel/base/outcome.h):
//   REFUSED    back-pressure (on_full=fail, drop_*), deadline (it had passed before the call was
//              made, or before there was room: nothing was sent), too large, deadlock, closed,
//              version, misuse
//   FAILED     the service is gone for good and the request had not left
//   IN_DOUBT   the service is gone, or the deadline passed, after the request had left
//
// A channel outlives its service: when that has gone, or says that it is about to, the channel
// connects to the next instance at its address. What has not left by then, and who waits for room,
// goes there, within the same deadline; what had left is IN_DOUBT. OnInstance tells who keeps state
// in the service. So it is where the address can be connected to once more; a pipe cannot, and a
// medium without answers does not notice. MoveTo sends it to another address. Then, with
// ChannelOptions.reconnect off, after a corrupt frame, and when the next instance cannot be used
// (another version, no permission), the channel ends: ended_why.
//
// Deadlines: every call has one, but a stream only if it is given one (CallOptions.timeout). An
// answer that is found in the same turn as the end of the deadline counts. A call or stream that is
// begun while a handler runs inherits what remains of its deadline, its priority and its chain of
// callers, unless CallOptions.detached. The error of one that ran out says which limit it was.
//
// Exceptions: what a function that builds a message throws is INTERNAL, and REFUSED: nothing was
// sent. What a callback throws is said on stderr.
//
// Callbacks and coroutines hear of the end of a call in a turn of the node, never from inside the
// function that ended it (Close, a destructor): there Wait() is refused. The node's destructor
// tells those who have not heard. So what a callback refers to must outlive that turn, not the
// channel.
//
// Thread: the node's. Destroy it before the node, and not from within a callback that was given an
// answer (a coroutine that awaits it may). A destroyed channel ends its calls as CANCELLED. One-way
// messages that it has accepted go on without it for the node's grace (Node::SetGrace; by default
// there is none, and what has not left is dropped).
#ifndef JACKFIELD_KERNEL_CALL_CHANNEL_H_
#define JACKFIELD_KERNEL_CALL_CHANNEL_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/address.h"
#include "kernel/base/inline_function.h"
#include "kernel/call/answer.h"
#include "kernel/call/awaiter.h"
#include "kernel/call/interface.h"
#include "kernel/call/stream.h"
#include "kernel/call_chain.h"
#include "kernel/common_params.h"
#include "kernel/connector.h"
#include "kernel/loop/future.h"
#include "kernel/node.h"
#include "kernel/session.h"
#include "kernel/trace.h"
#include "kernel/transport.h"

namespace jackfield {

struct ChannelOptions {
  nanoseconds timeout = 5s;  // of a call that names none; a stream then has none
  // Total time to connect. An attempt that begins in time may add 2 × session.hello: one to make
  // the connection, one for the service to say hello on it.
  nanoseconds connect_timeout = 5s;
  OnFull on_full =
      OnFull::kWait;         // the address may say: ?on_full=wait|fail|drop_oldest|drop_newest
  uint32_t calls_max = 256;  // calls under way; at most 4,096
  SessionLimits session = {};
  // An address that cannot meet them is refused, every missing need named. needs.fds: descriptors
  // will be sent.
  Caps needs = CallNeeds();
  // Messages up to this size must be possible: over a medium with smaller frames they travel in
  // parts (the fragment shim), unless the address says ?raw. The other end must ask for the same.
  uint32_t message_bytes_max = kMessageBytesDefault;
  std::string role = {};  // of the other end, for people; "": it is called by its address
  bool reconnect = true;  // false: the channel ends with the first session
  // What proves to the service who calls, where it asks (kernel/call/gate.h). A secret.
  std::string badge = {};
};

struct CallOptions {
  static constexpr uint8_t kInherit = 0xff;
  // 0: the channel's, or of a stream none; a negative one has passed already
  nanoseconds timeout = 0s;
  uint8_t priority =
      kInherit;  // 0 most urgent … 3; kInherit: of the call being handled, or kPriorityDefault
  bool detached = false;          // inherits nothing from the call being handled
  std::span<const int> fds = {};  // descriptors; after a success the channel closes them
};

// Where the deadline of a call comes from.
struct CallLimit {
  nanoseconds timeout = 0s;     // CallOptions.timeout
  uint32_t inherited_type = 0;  // of the call being handled, whose deadline was nearer; else 0
};

// Told how a call ended.
class CallWaiter {
 public:
  // Exactly once. `reply`: of a call that was answered, lent; else null.
  virtual void OnCallEnd(absl::Status status, MessageView* reply) = 0;
  virtual CallLimit limit() const = 0;

 protected:
  ~CallWaiter() = default;
};

class Channel final : public ListNode<ChannelTag>,
                      private Session::User,
                      private Connector::User,
                      private Lingering {
 public:
  using Callback = InlineFunction<void(Answer&)>;

  // Returns at once; calls wait until the session is open.
  // Errors: INVALID_ARGUMENT (address, options), FAILED_PRECONDITION (needs that the address cannot
  // meet).
  static absl::StatusOr<std::unique_ptr<Channel>> Open(Node& node, std::string_view address,
                                                       ChannelOptions options = {});
  static absl::StatusOr<std::unique_ptr<Channel>> Open(Node& node, const Address& address,
                                                       ChannelOptions options = {});
  ~Channel() override;

  // Blocks until the session is open or cannot be; where there was one before, connect_timeout at
  // most. Errors: why not.
  absl::Status WaitOpen();

  class CallBase;
  template <class P>
  using PendingCall = Holding<CallBase, P>;
  template <class P>
  PendingCall<P> Call(uint32_t type, P payload, const CallOptions& options);
  template <class P>
  PendingCall<P> Call(uint32_t type, P payload);
  // Never waits: with no room the request is queued (outbox_frames; only with on_full=wait), and at
  // its deadline it ends as an awaited one would.
  // Errors: REFUSED, and `done` is not called.
  absl::Status CallAsync(uint32_t type, Payload& payload, const CallOptions& options,
                         Callback done);
  template <class P>
  absl::Status CallAsync(uint32_t type, P payload, const CallOptions& options, Callback done) {
    return CallAsync(type, static_cast<Payload&>(payload), options, std::move(done));
  }
  template <class P>
  Future<Message> CallFuture(uint32_t type, P payload, const CallOptions& options = {});

  // One-way. Done when it is in the link's queue (or dropped, by on_full), from where the node's
  // next turn sends it, so that many leave at once: who does not turn the node soon calls Turn or
  // Close. How it ended is in ledger() and in the receipt.
  class SendBase;
  template <class P>
  using PendingSend = Holding<SendBase, P>;
  template <class P>
  PendingSend<P> Send(uint32_t type, P payload, CallOptions options = {});
  // The same without waiting, whatever on_full says: REFUSED when there is no room. Before the
  // connection is open outbox_frames of them have room.
  absl::Status TrySend(uint32_t type, Payload& payload, const CallOptions& options = {});

  // A call with items in either direction. Errors: as Call.
  template <class P>
  absl::StatusOr<std::unique_ptr<class ClientStream>> OpenStream(uint32_t type, P payload,
                                                                 const CallOptions& options = {});

  // Says goodbye and waits, at most so long, until the service has handled everything. Always
  // returns a receipt. Blocks: outside handlers only; otherwise (or with 0) it closes at once.
  Receipt Close(nanoseconds timeout);

  // Says goodbye and goes over to `address`. What was sent ends where it was sent, calls under way
  // and streams too. What has not been sent and what is begun afterwards goes to `address`, as soon
  // as the one-way messages sent before have been handled: their order holds.
  // Errors, with which nothing has changed: INVALID_ARGUMENT (the address); FAILED_PRECONDITION
  // (needs that it cannot meet; ends that are inherited; ChannelOptions.reconnect is off);
  // UNAVAILABLE (calls go on at the address before this one: later); ended_why().
  absl::Status MoveTo(const Address& address);

  // `told` hears of each further instance of the service, before what waits is sent to it: the
  // numbers are those of two lives of it (the same one twice: only the connection was lost). A call
  // that it begins goes behind what waits, but for one of priority 0.
  void OnInstance(InlineFunction<void(uint64_t before, uint64_t now)> told) {
    on_instance_ = std::move(told);
  }

  // Says that `interface`, which outlives the channel, is called here. A service that serves it by
  // another schema is held against it by `judge`: before anything is sent, or now if the channel is
  // open. An error ends the channel. Generated clients do it; the hello names what CalledInterface
  // knows of.
  using SchemaJudge = absl::Status (*)(const Interface& interface, std::string_view schema);
  void Speaks(const Interface& interface, SchemaJudge judge);

  bool open() const { return session_->state() == Session::State::kOpen; }
  const absl::Status& ended_why() const { return ended_why_; }  // OK while it lives
  Node& node() const { return node_; }
  Ledger ledger() const;  // of all its sessions
  const Address& address() const { return connector_->address(); }
  // "unix:@kv, to kv, pid 4121"; "… (connecting)"; "… (connecting again: why)"; "… (ended: why)"
  std::string Describe() const;
  uint32_t calls_under_way() const { return calls_; }
  std::optional<CallUnderWay> oldest_call() const;  // without streams; looks at each
  const std::string& role() const { return options_.role; }
  // For tests: the first rule that is broken, here or in what it stands on.
  absl::Status CheckInvariants() const;

 private:
  friend struct TestPeer;
  struct Invariants;                         // channel_invariants.cc
  static constexpr uint32_t kSlotBits = 12;  // of a call id: its place in the table
  static constexpr uint32_t kCallsMax = 1 << kSlotBits;

  friend class ClientStream;
  struct CallbackCall;
  struct SpokenInterface {
    const Interface* interface;
    SchemaJudge judge;
  };
  struct Slot {
    uint64_t id = 0;  // 0: free
    Session* session = nullptr;
    CallWaiter* waiter = nullptr;
    StreamEnd* stream = nullptr;
    int64_t deadline_ns = 0;
    int64_t begun_ns = 0;
    uint64_t sequence = 0;
    uint32_t type = 0;
    bool queued = false;  // in the outbox still
    uint32_t next_free = 0;
    std::unique_ptr<CallTrace> trace;  // of a call that is in one
  };
  struct Terms {  // of one call: options with what is inherited
    int64_t deadline_ns;
    std::span<const std::byte> extension;
    uint32_t inherited_type;  // as in CallLimit
    uint8_t priority;
  };
  // Where the extension lies while the call is begun. Who must wait for room moves it to a block.
  struct ExtensionSpace {
    alignas(8) std::byte bytes[Align8(4 + kChainBytesMax) + kTraceExtensionBytes];
  };

  Channel(Node& node, Address address, bool inherited, ChannelOptions options);
  // What lingers of a channel that is destroyed: its session, and no calls. It is the node's, and
  // ends by itself. (channel_linger.cc)
  explicit Channel(Channel& gone);
  bool MayLinger() const;
  void EndLinger();  // in a later turn
  void TellLoss();
  std::unique_ptr<Session> NewSession();
  void Reap();  // the session that is left, if it has ended
  bool owes_one_way() const;
  bool AllReceipts() const;
  bool GoesOn(const Session& session, const absl::Status& why) const;
  void Leave();  // session_ becomes left_
  void ConnectAgain(const absl::Status& why);
  bool Rests(const Session& session) const;  // nothing of ours is under way there
  // Of a channel that moves: connects as soon as it may, and ends left_ when that has answered.
  // Returns when to look again.
  int64_t GoOver(int64_t now_ns);
  Receipt receipt() const;
  // Of a one-way message: all but the deadline. Nobody waits for it, so it is in no chain.
  absl::Status MakeTerms(const CallOptions& options, Terms& terms) const;
  // by_default: of one that names no timeout: the channel's, or for a stream kNoTimeout.
  absl::Status MakeCallTerms(const CallOptions& options, nanoseconds by_default, Terms& terms,
                             ExtensionSpace& space) const;
  static constexpr nanoseconds kNoTimeout = nanoseconds::max();
  inline void SetDeadline(const CallOptions& options, nanoseconds by_default, Terms& terms) const;
  void SetWaitDeadline(const CallOptions& options, Terms& terms) const;  // for room
  std::string LimitText(const CallLimit& limit) const;
  absl::Status CheckOpen() const;
  // Takes a slot and sends the request. REFUSED(back-pressure): wait for room.
  absl::Status Start(uint32_t type, Payload& payload, const CallOptions& options,
                     const Terms& terms, CallWaiter& waiter, StreamEnd* stream, bool queue);
  absl::Status StartOneWay(uint32_t type, Payload& payload, const CallOptions& options,
                           const Terms& terms, OnFull on_full);
  // Before the connection is there, who does not wait for room finds it in the outbox.
  bool QueuesAtFirst() const { return session_->state() == Session::State::kHello; }
  Slot* Find(uint64_t id);
  // Of a call that belongs to a trace, or begins one (channel_trace.cc). Returns the bytes written.
  size_t WriteTraceOf(const ServerCall* call, std::span<std::byte> to) const;
  void KeepTrace(Slot& slot, std::span<const std::byte> extension) const;
  void EndTrace(Slot& slot, absl::StatusCode code) const;
  void EndSlot(Slot& slot, absl::Status status, MessageView* reply = nullptr);
  void Abandon(CallWaiter& waiter);
  static void SendCancel(const Slot& slot, uint8_t priority,
                         absl::StatusCode why = absl::StatusCode::kCancelled);
  void AwaitRoom(RoomWaiter& waiter, const Terms& terms);
  void WatchDeadline(int64_t deadline_ns);
  absl::Status NoRoomInTime(absl::Status why, const CallLimit& limit) const;
  void OnDeadline();
  void EndCalls(Session& session, const absl::Status& why);
  void FailAll();

  // Connector::User and Session::User:
  void OnConnection(std::unique_ptr<LinkDriver> driver, LinkTraits traits) override;
  void OnNoConnection(const absl::Status& why) override;
  bool TriesAgain(Session::NoWelcome how, const absl::Status& why) override;
  Session* Successor(Session& session, const absl::Status& why) override;
  std::optional<int64_t> TakesBack(uint64_t call_id, uint64_t sequence) override;
  void OnOpen(Session& session) override;
  void OnReceived(Session& session, Session::Received& received) override;
  absl::Status Judge(const SpokenInterface& spoken) const;
  std::vector<Session::Spoken> SpokenInterfaces() const override;
  std::string_view Badge() const override { return options_.badge; }
  absl::Status OnOtherSchemas(std::span<const Session::OtherSchema> others) override;
  void OnQueuedSent(uint64_t call_id, uint64_t sequence) override;
  void OnQueuedRefused(uint64_t call_id, const absl::Status& why) override;
  void OnPeerClosing(Session& session) override;
  bool AwaitsAnswers(const Session& session) const override;
  void OnReceipt(Session& session) override;
  void OnEnd(Session& session, const absl::Status& why) override;

  Node& node_;
  ChannelOptions options_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Session> session_;  // for what is begun
  // The one before it, as long as something of it goes on: its service has said goodbye, or this
  // end has, to move.
  std::unique_ptr<Session> left_;
  Ledger past_ledger_;  // of those that are gone
  Receipt past_receipt_;
  bool past_owes_ = false;  // a one-way message that one of them had sent is in doubt
  uint64_t instance_ = 0;   // of the service; 0: there was none yet
  InlineFunction<void(uint64_t, uint64_t)> on_instance_;
  std::vector<SpokenInterface> speaks_;
  // What the service said last that it serves by other schemas, by the interface.
  std::vector<std::pair<std::string, std::string>> other_schemas_;
  absl::Status ended_why_, calls_full_;
  Timer deadline_timer_;
  std::vector<Slot> slots_;
  uint32_t free_ = 0;
  uint32_t calls_ = 0;
  uint64_t next_call_ = 1;
  bool reconnects_;
  bool lingers_ = false;
  bool told_ = false;  // what became of the messages: by Close
};

// A call with a stream in each direction: read items, write items, then Finish for the answer.
class ClientStream final : public CallWaiter {
 public:
  ~ClientStream();
  StreamEnd::ReadAwaiter Read() { return end_.Read(); }
  template <class P>
  StreamEnd::WriteAwaiter<P> Write(P payload) {
    return end_.Write(std::move(payload));
  }
  absl::Status TryWrite(Payload& payload) { return end_.TryWrite(payload); }
  bool Readable() const { return end_.readable(); }  // would Read not wait?
  absl::Status EndWrites() { return end_.EndWrites(); }

  // The answer, after the last item. co_await stream.Finish(), or .Wait().
  class FinishAwaiter;
  FinishAwaiter Finish();
  void Cancel();  // the answer is then CANCELLED
  Node& node() const { return channel_.node(); }

 private:
  friend class Channel;
  explicit ClientStream(Channel& channel) : channel_(channel) {}
  void OnCallEnd(absl::Status status, MessageView* reply) override;
  CallLimit limit() const override { return limit_; }

  Channel& channel_;
  CallLimit limit_;
  StreamEnd end_;
  bool done_ = false;
  absl::StatusOr<Message> reply_ = Message();
  FinishAwaiter* finisher_ = nullptr;
};

}  // namespace jackfield

#include "kernel/call/pending_call.h"  // the templates of the above

#endif  // JACKFIELD_KERNEL_CALL_CHANNEL_H_
