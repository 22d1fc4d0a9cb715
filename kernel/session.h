// What lives above a link, between one instance here and one there: hello, epochs, sequence,
// acknowledgements, credit, the ledger, the receipt at close. The same for every transport; calls
// (Channel, Port) stand on it.
//
// Thread: the node's. Owned by its user. It owns its link, and is the only one to read and write
// it.
//
// A link that cannot answer (caps.reply is false: a log, a multicast group) carries one-way
// messages only. Such a session is open at once; there is no hello, no acknowledgement and no
// credit. A frame bears its sender's epoch; it counts as delivered when the medium has taken it,
// and on an ordered medium the receiver counts what is missing between two frames of one sender
// (Ledger::lost).
//
// Each sequenced frame ends in exactly one column of the Ledger, at any moment:
//   sent = queued + delivered + failed + in_doubt
//
// Invariants (all of them: session_invariants.cc):
//   1. tx_acked_ ≤ tx_sequence_; what lies between is in the link's queue, on the medium, or not
//      handled there.
//   2. Units are charged when a frame is sent and granted again when its receiver has handled it; a
//      sender may exceed the grant by the last frame it began with credit left. Items of streams
//      are begun only while more than an eighth of the window is left. What comes without
//      credit ends the session: a peer that ignores it would fill our memory.
//   3. unhandled_ holds, in order, what arrived and is not handled yet: it bounds the
//      acknowledgement.
#ifndef JACKFIELD_KERNEL_SESSION_H_
#define JACKFIELD_KERNEL_SESSION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/duration.h"
#include "kernel/base/list.h"
#include "kernel/base/outcome.h"
#include "kernel/frame.h"
#include "kernel/link.h"
#include "kernel/loop/timers.h"
#include "kernel/message.h"
#include "kernel/payload.h"

namespace jackfield {

namespace wire {
struct Hello;
}

inline constexpr uint32_t kPeerWindowUnitsMax = 1 << 20;  // docs/WIRE.md
inline constexpr uint32_t kFrameBytesLeast = 256;         // for what the session itself has to say

// What lies outside the ranges is taken for the nearest end.
struct SessionLimits {
  // Credit given to the peer: frames, plus one per 4 KiB of them. 1..2^20
  uint32_t window_units = 2048;
  uint32_t stream_items = 64;  // unread items of one stream before its sender waits; 1..2^20
  uint32_t outbox_frames =
      256;  // sent while there was no room, of those who do not wait themselves
  uint32_t frame_bytes_max = kFrameBytesMaxDefault;  // 256..kFrameBytesMaxDefault
  nanoseconds hello = 2s;                            // until the peer must have said hello
};

struct Ledger {
  uint64_t sent = 0, delivered = 0, failed = 0, in_doubt = 0;  // sequenced frames of this side
  uint64_t queued() const { return sent - delivered - failed - in_doubt; }
  void Add(const Ledger& other);
  uint64_t refused = 0, dropped = 0;   // never sent: they are in no other column
  uint64_t received = 0, handled = 0;  // sequenced frames of the other side
  uint64_t stale = 0;                  // of another epoch: dropped
  uint64_t late = 0;                   // replies to a call that had ended: dropped
  uint64_t expired = 0;                // requests whose deadline passed before work: dropped
  uint64_t lost = 0;  // gaps in what an ordered medium brought one way, and what a medium says
};

// What became of everything this side sent, as far as the other side said in time.
struct Receipt {
  uint64_t handled = 0;  // its receiver is done with it
  // It arrived, and was not handled when the session ended. One way: it was handed to the medium,
  // whoever may have been there to hear it.
  uint64_t delivered = 0;
  uint64_t undelivered = 0;  // it never left
  uint64_t in_doubt = 0;     // no word
  void Add(const Receipt& other);
};

// Frames that arrived and are not handled yet; whoever keeps a message keeps one of these.
struct UnhandledTag {};
struct Unhandled : ListNode<UnhandledTag> {
  uint32_t sequence = 0;
  uint32_t units = 0;
};

// Somebody who waits for room to send.
struct RoomTag {};
class RoomWaiter : public ListNode<RoomTag> {
 public:
  explicit RoomWaiter(FrameKind of) : kind(of) {}
  virtual ~RoomWaiter() = default;
  // There may be room: sends, and returns true; or finds none, and stays in the queue.
  virtual bool OnRoom() = 0;
  const FrameKind kind;                    // of what it would send
  int64_t wait_until_ns = Timers::kNever;  // then OnRoom is called in any case
};

class Session final : private LinkOwner {
 public:
  enum class Side : uint8_t { kClient, kServer };
  enum class State : uint8_t { kHello, kOpen, kEnded };
  // Why a client has had no welcome.
  enum class NoWelcome : uint8_t { kLinkLost, kSilence, kRefused };

  // A frame as it is delivered. `message` is lent; KeepAs() makes one to have longer.
  struct Received {
    const FrameHeader& header;
    MessageView& message;
    std::span<const std::byte> extension;
    // To be put into the session's list by whoever keeps the message (KeepUnhandled); otherwise the
    // frame counts as handled when the delivery returns.
    uint32_t units = 0;
    bool kept = false;
  };

  // What a client calls: MessageType of an interface's name, and the hash of its schema.
  struct Spoken {
    uint32_t interface = 0;
    uint64_t schema_hash = 0;
  };
  static constexpr size_t kSpokenMax = 64;  // the rest is not compared
  // An interface that the service serves by another schema; schema: "" where it does not fit.
  struct OtherSchema {
    std::string_view interface, schema;
  };

  class User {
   public:
    virtual ~User() = default;
    virtual void OnOpen(Session& session) = 0;
    virtual void OnReceived(Session& session, Received& received) = 0;  // Request … StreamGrant
    // A Request that SendOrQueue queued has left; or it cannot, now that the link is known.
    virtual void OnQueuedSent(uint64_t call_id, uint64_t sequence) = 0;
    virtual void OnQueuedRefused(uint64_t call_id, const absl::Status& why) = 0;
    virtual void OnPeerClosing(Session& session) = 0;
    // Is something still to come that was asked for? Then the peer's goodbye is not answered yet.
    virtual bool AwaitsAnswers(const Session& session) const = 0;
    virtual void OnReceipt(Session& session) = 0;
    // The end, exactly once; the session sends and receives nothing after. It must not be destroyed
    // in here.
    virtual void OnEnd(Session& session, const absl::Status& why) = 0;

    // ---- Of a client.
    // For the hello.
    virtual std::vector<Spoken> SpokenInterfaces() const { return {}; }
    virtual std::string_view Badge() const { return {}; }  // proves who this is; or ""
    // Of the welcome: an error refuses the service, as if it had refused us.
    virtual absl::Status OnOtherSchemas(std::span<const OtherSchema> /*others*/) {
      return absl::OkStatus();
    }
    // True: another link will be attached, and the session goes on. False: it ends.
    virtual bool TriesAgain(NoWelcome /*how*/, const absl::Status& /*why*/) { return false; }
    // The peer has gone. Who gets what has not left; nullptr: nobody, and it ends with the session.
    virtual Session* Successor(Session& /*session*/, const absl::Status& /*why*/) {
      return nullptr;
    }
    // A request that was in the link's queue has not left. Its deadline, if it is to go to the
    // successor; then OnQueuedSent or OnQueuedRefused comes for it once more.
    virtual std::optional<int64_t> TakesBack(uint64_t /*call_id*/, uint64_t /*sequence*/) {
      return std::nullopt;
    }

    // ---- Of a server.
    // Of the hello; the session knows the name in it. An error refuses the client.
    virtual absl::Status Admit(Session& /*session*/, std::string_view /*badge*/) {
      return absl::OkStatus();
    }
    // The interface of that name, if it is served, and by another schema.
    virtual std::optional<OtherSchema> ServesOther(const Spoken& /*spoken*/) const {
      return std::nullopt;
    }
    // Among the frames that came together are some of another priority; before they are delivered.
    virtual void OnMixedPriorities() {}
    // They have been delivered (more: all for which there was room), or the outbox is empty again.
    virtual void AfterFrames(bool /*more*/) {}
    // Of a link that cannot be told to wait: may one more frame be taken?
    virtual bool HasRoom() const { return true; }
  };

  // passes_fds: descriptors will be sent or received; the link must have them in its caps.
  Session(Loop& loop, Side side, SessionLimits limits, bool passes_fds, User& user);
  ~Session() override;
  Session(const Session&) = delete;
  void SetUser(User& user) { user_ = &user; }  // it passes to another
  const User& user() const { return *user_; }

  // ---- The link. A client's session may wait for one, and try another one as long as no welcome
  // has come.
  void Attach(std::unique_ptr<LinkDriver> driver, LinkTraits traits);
  void DropLink();  // closes it; nothing of it is heard any more
  // Reads on: the user has room again.
  void WakeLink() {
    if (link_ != nullptr && link_->has_rx()) link_->Wake();
  }

  // ---- Sending.

  struct Outgoing {
    FrameKind kind = FrameKind::None;
    uint8_t flags = 0;
    uint8_t priority = kPriorityDefault;
    uint8_t code = 0;
    uint32_t message_type = 0;
    uint64_t call_id = 0;
    int64_t deadline_ns = Timers::kNever;  // of the node's clock; what is left of it travels
    std::span<const std::byte> extension = {};
    std::span<const int> fds = {};  // the link takes them, on success
  };
  // Sends now. Errors: REFUSED (back-pressure: wait for room; too large; closed; no descriptors on
  // this link; INTERNAL: the function that builds the message threw).
  absl::Status Send(const Outgoing& outgoing, Payload& payload);
  // Sends now, or as soon as there is room, in order of priority. Errors: as above, when the outbox
  // is full as well.
  absl::Status SendOrQueue(const Outgoing& outgoing, Payload& payload);
  // As SendOrQueue; with a full outbox the oldest one-way message in it of the lowest priority is
  // dropped, and counted.
  absl::Status SendDroppingOldest(const Outgoing& outgoing, Payload& payload);
  void AwaitRoom(RoomWaiter& waiter, uint8_t priority) {
    waiters_[priority].PushBack(waiter);
    anyone_waits_ = true;
  }
  // Lets those try who wait: for something above the session.
  void WakeSenders() { Flush(); }
  // Who waits to begin a call or to send a message waits for `next` from now on.
  void PassWaiters(Session& next);
  // Takes a Request that is queued still out of the queue: nobody waits for its answer.
  void DropRequest(uint64_t call_id);
  // Lets those try whose time is over (all, with kNever). Returns when the next one's is.
  int64_t WakeWaiters(int64_t now_ns);
  bool has_credit() const { return After(peer_grant_, tx_units_); }
  // Items leave an eighth of the window to calls, so that streams which nobody reads cannot hold
  // them up: less than a peer grants at once, so a flood of calls does not hold up items.
  bool has_credit(FrameKind kind) const {
    return After(peer_grant_, tx_units_ + (kind == FrameKind::Item ? peer_window_units_ / 8 : 0));
  }
  // The refusal for who would overtake what is queued (back-pressure), made once.
  static const absl::Status& GoesFirst();
  bool outbox_empty() const { return outbox_frames_ == 0; }
  bool outbox_empty(uint8_t priority) const { return outbox_[priority].first == nullptr; }
  // Of the frame that Send sent last. Does not wrap; the frame bears its low 32 bits.
  uint64_t last_sequence() const { return ledger_.sent; }
  // What Send sent last was a one-way message: nobody waits for an answer that would tell its end.
  void NoteOneWay() { last_one_way_ = ledger_.sent; }
  // Is there a one-way message that was accepted here and, as far as is known, not handled there?
  bool owes_one_way() const {
    return last_one_way_ > ledger_.delivered || too_large_ > 0 ||
           (state_ == State::kEnded ? one_way_queued_at_end_ : CountQueued().one_way);
  }

  // ---- Handling.
  void KeepUnhandled(Received& received, Unhandled& unhandled);
  void MarkHandled(Unhandled& unhandled);  // in any order; no effect if it is marked already
  // Says now what is handled: the last word before the end.
  void AckNow() {
    if (!one_way()) MaybeSendAck();
  }

  // ---- Ending.
  // Asks for a receipt: OnReceipt, when the peer has handled everything. No request and no one-way
  // message is sent after it; what belongs to calls that are under way still is.
  void StartClose();
  bool receipt_came() const { return goodbye_ == Goodbye::kAnswered; }
  bool peer_closing() const { return peer_goodbye_ != Goodbye::kNone; }  // it has said goodbye
  Receipt receipt() const;
  void Fail(const absl::Status& why);  // ends it at once

  // ---- Questions.
  State state() const { return state_; }
  bool one_way() const { return senders_ != nullptr; }  // its link cannot answer
  Loop& loop() const { return loop_; }
  Link& link() const { return *link_; }
  bool has_link() const { return link_ != nullptr; }
  // Where what belongs to the peer is charged.
  MemoryAccount& memory() const;
  absl::Status NoMemory() const;  // the refusal for want of it
  const PeerIdentity& identity() const { return identity_; }
  const std::string& peer_name() const { return peer_name_; }
  uint64_t peer_epoch() const { return peer_epoch_; }  // 0 until it has said hello
  uint32_t payload_bytes_max() const { return frame_bytes_max_ - kHeaderBytes; }
  uint32_t stream_items() const { return limits_.stream_items; }
  uint32_t peer_stream_items() const { return peer_stream_items_; }
  const Ledger& ledger() const { return ledger_; }
  Ledger& counters() { return ledger_; }
  // Server: the hello will be refused, with this reason.
  void RefuseHello(std::string text) { refusal_ = std::move(text); }
  // May this frame of a call, sent as `sequence`, have reached the peer? For the outcome when the
  // session ended.
  bool MayHaveLeft(uint64_t sequence) const { return sequence <= ledger_.sent - ledger_.failed; }
  // For tests: the first rule that is broken, here or in the link.
  absl::Status CheckInvariants() const;

 private:
  friend struct TestPeer;
  struct Invariants;  // session_invariants.cc
  // LinkOwner:
  void OnFrames(Link& link) override;
  void OnRoom(Link& link) override;
  void OnLost(Link& link, uint64_t frames) override;
  void OnFailing(Link& link, const absl::Status& why) override;
  void OnClosed(Link& link, const absl::Status& why) override;

  struct Queued;  // a frame in the outbox (session_queued.h)
  struct QueuedCount {
    uint32_t sequenced = 0;
    bool one_way = false;  // one of them is
  };
  QueuedCount CountQueued() const;
  void OnFrame(FrameRef frame);
  void OnNoWelcome(NoWelcome how, const absl::Status& why);
  void HandOver(Session& next, uint32_t queued_there, uint32_t unsent);
  uint32_t FrameBytesTaken() const;
  uint64_t Features() const;
  bool SendHello();
  bool SendWelcome(const wire::Hello& hello);
  template <class Greeting>
  void OpenWith(const Greeting& greeting);
  std::string Where() const;  // for errors
  bool SendControl(FrameKind kind, Payload& payload);
  uint32_t Budget(int64_t deadline_ns) const;
  bool SendRefuse(const absl::Status& why);
  void Refuse(Reason reason, const std::string& text);
  void OnHello(const FrameHeader& header, std::span<const std::byte> payload);
  void OnWelcome(const FrameHeader& header, std::span<const std::byte> payload);
  void OnOtherVersion(uint8_t version);
  void OnOtherStack(FrameKind kind);
  void OnRefuse(const absl::Status& why);
  void OnSequenced(const FrameHeader& header, FrameRef frame);
  void OnAckAndGrant(const FrameHeader& header);
  void Corrupt(const FrameHeader& header, std::string_view what);
  void Deliver(const FrameHeader& header, FrameRef frame, bool sequenced);
  void OpenOneWay();
  void OnOneWayFrame(const FrameHeader& header, FrameRef frame);
  bool IsInOrder(const FrameHeader& header);
  void NoteTaken();
  void FillAndCommit(const Outgoing& outgoing, std::byte* frame, uint32_t frame_bytes);
  absl::Status CheckSendable(const Outgoing& outgoing) const;
  absl::Status NoCredit(FrameKind kind);
  absl::Status TooLarge() const;
  absl::Status NoRoom(const FrameSpace& space);
  absl::Status Enqueue(const Outgoing& outgoing, Payload& payload);
  static absl::Status BuildThrew();
  bool SendQueued(Queued& queued);
  // What waits for room, if there is any: most often there is not.
  void Flush() {
    if (outbox_frames_ != 0 || anyone_waits_ || goodbye_ != Goodbye::kNone || peer_closing())
      FlushWaiting();
  }
  void FlushWaiting();
  void OweAck();
  void MaybeSendAck();
  void MaybeSendClosed();
  void DropOutbox();
  void DropQueued(uint8_t priority);
  template <class Wanted>
  bool DropFirst(uint8_t priority, Wanted wanted);
  uint32_t HandledUpTo() const;

  Loop& loop_;
  Link* link_ = nullptr;
  const Side side_;
  const SessionLimits limits_;
  User* user_;
  PeerIdentity identity_;
  bool passes_fds_;
  bool peer_lacks_memory_ = false;  // its frame_bytes_max is what its message memory allows
  State state_ = State::kHello;
  Timer hello_timer_;
  Timer ack_timer_;

  uint64_t peer_epoch_ = 0;
  std::string peer_name_;
  std::string refusal_;
  uint32_t frame_bytes_max_;
  uint32_t peer_stream_items_ = 0;

  uint32_t tx_sequence_ = 0, tx_acked_ = 0;
  uint32_t tx_units_ = 0, peer_grant_ = 0, peer_window_units_ = 0;
  uint32_t rx_sequence_ = 0;
  uint32_t rx_units_ = 0, rx_units_handled_ = 0;
  uint32_t told_ack_ = 0, told_grant_ = 0;
  List<Unhandled, UnhandledTag> unhandled_;

  std::array<List<RoomWaiter, RoomTag>, kPriorityLevels> waiters_;
  struct Outbox {
    Queued* first = nullptr;
    Queued* last = nullptr;
    void Append(Queued& queued);
  };
  std::array<Outbox, kPriorityLevels> outbox_;
  uint32_t outbox_frames_ = 0, outbox_at_end_ = 0;
  bool flushing_ = false,
       anyone_waits_ = false;  // anyone_waits_: perhaps; cleared when Flush found nobody

  // What one side has said of its end: a Close, which a Closed with a receipt answers.
  enum class Goodbye : uint8_t { kNone, kWanted, kSaid, kAnswered };
  bool said_goodbye() const { return goodbye_ >= Goodbye::kSaid; }
  Goodbye goodbye_ = Goodbye::kNone, peer_goodbye_ = Goodbye::kNone;
  // Refusals for want of room, each made once: they are said often, to those who will try again.
  absl::Status no_room_, no_credit_, no_item_credit_, outbox_full_;
  uint64_t peer_received_ = 0;  // by its receipt
  uint64_t last_one_way_ = 0;   // its sequence, as last_sequence()
  uint64_t too_large_ = 0;  // one-way, queued before it was known what the other end takes: dropped
  bool one_way_queued_at_end_ = false;
  // Whose frames came last, to see gaps. A sender that is pushed out begins anew when it comes
  // back.
  struct Senders {
    static constexpr size_t kCount = 32;
    struct Sender {
      uint64_t epoch = 0;
      uint32_t sequence = 0;
    };
    std::array<Sender, kCount> senders;
    size_t next = 0;
  };
  std::unique_ptr<Senders> senders_;  // of a one-way link; null on all others
  uint64_t lost_told_ = 0;            // by the link, and not yet found to be a gap of a sender
  Ledger ledger_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_SESSION_H_
