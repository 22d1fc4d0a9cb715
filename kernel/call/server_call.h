// A message at its server: a request that wants one answer, a stream, or a one-way message that
// wants none.
//
// Thread: the node's. Lives until its handler is done with it: a plain handler until it returns
// (or, after Hold(), until it answers), a coroutine handler until it ends.
//
// Exceptions: one that leaves a handler, or a function that builds its answer, is the call's
// answer, if it has none yet: INTERNAL, with the method's name and what() of it. The service goes
// on. Where no answer is wanted any more, or never was, it is said on stderr.
#ifndef JACKFIELD_KERNEL_CALL_SERVER_CALL_H_
#define JACKFIELD_KERNEL_CALL_SERVER_CALL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "kernel/base/inline_function.h"
#include "kernel/call/call_table.h"
#include "kernel/call/stream.h"
#include "kernel/message.h"
#include "kernel/session.h"
#include "kernel/trace.h"

namespace jackfield {

class Port;

struct CallTag {};

class ServerCall : public ListNode<CallTag> {
 public:
  ServerCall(const ServerCall&) = delete;

  // ---- What came.
  uint32_t type() const { return message_.type(); }
  std::span<const std::byte> payload() const { return message_.payload(); }
  // Valid until the call is answered and its handler has returned.
  MessageView& message() { return message_; }
  bool one_way() const { return one_way_; }
  uint8_t priority() const { return priority_; }
  // Of the node's clock; Timers::kNever for a one-way message.
  int64_t deadline_ns() const { return deadline_ns_; }
  nanoseconds remaining() const;  // nanoseconds::max(): no deadline
  // Who sent it, by the word of the system and by its own.
  PeerIdentity peer() const { return session_ == nullptr ? PeerIdentity{} : session_->identity(); }
  // By its badge, where the port has a gate (kernel/call/gate.h); "": it showed none that counts.
  // Valid until the call is answered and its handler has returned.
  std::string_view caller() const;
  std::string peer_name() const { return session_ == nullptr ? "" : session_->peer_name(); }
  std::span<const std::byte> chain() const;  // the services that wait for it (kernel/call_chain.h)
  // The trace that it belongs to (kernel/trace.h); null: none.
  const TraceContext* trace() const { return trace_ == nullptr ? nullptr : &trace_->context; }

  // ---- Answering. Once; a second answer is REFUSED.
  // Errors: REFUSED (answered already, one-way, too large), FAILED (the caller has gone).
  absl::Status Reply(Payload& payload) { return Answer(0, payload); }
  absl::Status Reply(Payload&& payload) { return Answer(0, payload); }
  // With a status that the handler chose, such as that of a call it made itself: the handler has
  // run, so the caller's outcome is kOk, whatever the outcome of that other call. Requires:
  // !status.ok()
  absl::Status Fail(const absl::Status& status);
  bool answered() const { return answered_; }

  // For a plain handler that will answer after it returned. The pointer to this call is valid until
  // it does: also if the handler then throws, and the call has its answer from that.
  void Hold();
  bool held() const { return held_; }
  // For a plain handler that finds that it must wait: `task` goes on after it returned, and its
  // status is the answer, unless it has replied. It may refer to this call. Once, as the handler's
  // last act.
  void Run(Task<absl::Status> task);

  // The caller no longer waits: it cancelled, its deadline passed, or it is gone. Work may stop; an
  // answer goes nowhere.
  bool cancelled() const { return cancelled_; }
  // `f` is called at most once, in a later turn, and never once the call has ended; also if the
  // call is cancelled already.
  void OnCancel(InlineFunction<void()> f);

  // ---- Items, of a call that was opened as a stream (else nullptr).
  StreamEnd* stream() const { return stream_.get(); }

  Node& node() const { return node_; }
  uint64_t service_number() const;  // of its port, for the chain of a call made for this one

 private:
  friend class Port;
  friend class PortSeat;
  explicit ServerCall(Node& node) : node_(node) {}
  absl::Status Answer(uint8_t code, Payload& payload);
  absl::Status Refuse(
      const absl::Status& status);  // no handler has run: the outcome is the status's own
  absl::Status AnswerStatus(const absl::Status& status, Outcome outcome, Reason reason);
  bool Keep();
  void BeginTrace(std::span<const std::byte> extension);
  void EndTrace();
  enum class CancelledBy : uint8_t { kCaller, kDeadline, kEnd };  // kEnd: of its session
  void Cancel(CancelledBy by, const absl::Status& end = absl::OkStatus());

  Block self_;
  Node& node_;
  Port* port_ = nullptr;
  Session* session_ = nullptr;  // nullptr once it has ended
  MessageView message_;
  Unhandled unhandled_;
  CallPlace place_;
  ServerCall** handed_ = nullptr;  // where a receiver that has not gone on yet will find it
  uint64_t call_id_ = 0;
  int64_t deadline_ns_ = Timers::kNever;
  int64_t came_ns_ = 0;
  uint32_t stream_budget_us_;  // of a call with a stream: what was left when it came
  uint8_t priority_ = kPriorityDefault;
  // Who has it. Those from kRuns to kHeld count among the handlers under way; the last two end with
  // their answer.
  enum class Stage : uint8_t {
    kWaits,     // the port
    kRuns,      // its handler, which has not returned
    kGoesOn,    // a coroutine, or a receiver, which ends it
    kHeld,      // who will answer it, as Hold said
    kForsaken,  // the same, but its handler threw: it has its answer, and one more comes in vain
  };
  bool counts() const { return stage_ >= Stage::kRuns && stage_ <= Stage::kHeld; }
  bool ends_with_answer() const { return stage_ >= Stage::kHeld; }
  Stage stage_ = Stage::kWaits;
  bool one_way_ = false, answered_ = false, cancelled_ = false, cancel_untold_ = false;
  bool held_ = false;  // Hold was called
  uint8_t code_ = 0;   // of its answer
  std::unique_ptr<CallTrace> trace_;
  InlineFunction<void()> on_cancel_;
  std::unique_ptr<StreamEnd> stream_;
  Task<absl::Status> task_;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_SERVER_CALL_H_
