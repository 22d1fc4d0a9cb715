#include "kernel/call/server_call.h"

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/call/port.h"
#include "kernel/call_chain.h"
#include "schemas/control_generated.h"

namespace jackfield {

nanoseconds ServerCall::remaining() const {
  if (deadline_ns_ == Timers::kNever) return nanoseconds::max();
  return nanoseconds(deadline_ns_ - node_.clock().NowNs());
}

uint64_t ServerCall::service_number() const { return port_->service_number_; }

std::span<const std::byte> ServerCall::chain() const { return ChainIn(message_.extension()); }

absl::Status ServerCall::Answer(uint8_t code, Payload& payload) {
  if (!node_.usable()) [[unlikely]]
    return node_.Usable();
  if (one_way_) return Refused(Reason::kMisuse, "a one-way message takes no answer");
  if (answered_) {
    if (ends_with_answer()) port_->End(*this);  // its handler threw, and this was to come
    return Refused(Reason::kMisuse, "the call is answered already");
  }
  if (session_ == nullptr) {
    answered_ = true;
    if (ends_with_answer()) port_->End(*this);
    return MakeStatus(Outcome::kFailed, Reason::kPeerDied, "the caller has gone");
  }
  code_ = code;
  session_->MarkHandled(unhandled_);  // so that the answer acknowledges the request
  const Session::Outgoing reply{.kind = FrameKind::Reply,
                                .priority = priority_,
                                .code = code,
                                .message_type = type(),
                                .call_id = call_id_};
  absl::Status status = session_->SendOrQueue(reply, payload);
  const bool threw = !status.ok() && status.code() == absl::StatusCode::kInternal;
  if (!status.ok() &&
      (ReasonOf(status) == Reason::kTooLarge || (ReasonOf(status) == Reason::kMisuse && !threw)))
    return status;  // nothing was sent: another answer may fit
  if (!status.ok() && (threw || ReasonOf(status) == Reason::kResource)) {
    // Its caller must not wait in vain: it gets a small failure, or else the end of the session.
    if (code == 0) {
      if (threw)
        status = WithText(status, Text(port_->NameOf(type()), ": ", std::string(status.message())));
      Fail(status).IgnoreError();
      return status;
    }
    session_->Fail(MakeStatus(Outcome::kFailed, Reason::kResource, std::string(status.message())));
  }
  answered_ = true;
  if (stream_ != nullptr) stream_->Detach(Refused(Reason::kClosed, "the call is answered"));
  if (ends_with_answer()) port_->End(*this);
  return status;
}

absl::Status ServerCall::Fail(const absl::Status& status) {
  return AnswerStatus(status, Outcome::kOk, Reason::kNone);
}

absl::Status ServerCall::Refuse(const absl::Status& status) {
  return AnswerStatus(status, OutcomeOf(status), ReasonOf(status));
}

absl::Status ServerCall::AnswerStatus(const absl::Status& status, Outcome outcome, Reason reason) {
  Build failure([&](flatbuffers::FlatBufferBuilder& fbb) {
    const std::string text(status.message().substr(0, 4096));
    const auto words = fbb.CreateString(text);
    fbb.Finish(wire::CreateFailure(fbb, static_cast<uint8_t>(outcome), static_cast<uint8_t>(reason),
                                   words));
  });
  const int code = status.raw_code();
  return Answer(static_cast<uint8_t>(code >= 1 && code <= 16 ? code : 2), failure);
}

// Or fails it: without its message it cannot go on after its delivery.
bool ServerCall::Keep() {
  if (message_.Keep(session_ != nullptr ? session_->memory() : node_.blocks())) return true;
  Fail(Refused(Reason::kResource, Text("no message memory: ", node_.blocks().budget().Describe())))
      .IgnoreError();  // a one-way message has nobody to tell: it is counted as handled
  return false;
}

void ServerCall::BeginTrace(std::span<const std::byte> extension) {
  const TraceContext trace = TraceIn(extension);
  if (trace.exists())
    trace_ = std::make_unique<CallTrace>(CallTrace{trace, node_.clock().NowNs(), 0});
}

void ServerCall::EndTrace() {
  if (node_.tracer() == nullptr) return;
  const int64_t now_ns = node_.clock().NowNs();
  node_.tracer()->OnSpan(
      {.trace = trace_->context,
       .side = Span::Side::kService,
       .code = answered_ ? code_ : static_cast<uint8_t>(absl::StatusCode::kCancelled),
       .type = type(),
       .peer_epoch = session_ == nullptr ? 0 : session_->peer_epoch(),
       .begun_ns = trace_->begun_ns,
       .handled_ns = trace_->handled_ns == 0 ? now_ns : trace_->handled_ns,
       .ended_ns = now_ns});
}

void ServerCall::Hold() {
  held_ = true;
  Keep();
}

void ServerCall::Run(Task<absl::Status> task) {
  if (Keep()) port_->StartTask(*this, std::move(task));
}

void ServerCall::OnCancel(InlineFunction<void()> f) {
  on_cancel_ = std::move(f);
  if (cancelled_ && on_cancel_) port_->TellOfCancel(*this);
}

void ServerCall::Cancel(CancelledBy by, const absl::Status& end) {
  if (cancelled_) return;
  cancelled_ = true;
  // It is over by the clock of its caller, who began to count before it came here.
  if (by == CancelledBy::kDeadline && deadline_ns_ > node_.now_ns()) deadline_ns_ = node_.now_ns();
  if (stream_ != nullptr) {
    std::string why = "it cancelled the call";
    if (by == CancelledBy::kDeadline)
      why = stream_budget_us_ == kNoDeadline
                ? "its deadline has passed"
                : Text("its deadline, ", FormatDurationNs(int64_t{stream_budget_us_} * 1000),
                       " after the call came, has passed");
    if (by == CancelledBy::kEnd) why = std::string(end.message());
    stream_->Detach(MakeStatus(Outcome::kFailed, Reason::kCancelled,
                               Text("the caller no longer waits: ", why)));
  }
  if (on_cancel_) port_->TellOfCancel(*this);
}

}  // namespace jackfield
