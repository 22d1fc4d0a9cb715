// Those who wait for a call of a Channel: awaiters, one-way sends, streams. The table of calls is
// in channel.cc.
#include <new>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/call/channel.h"

namespace jackfield {
namespace {

// How a call ended, in memory of its own.
absl::StatusOr<Message> Kept(absl::Status status, Message&& reply, Node& node) {
  if (!status.ok()) return status;
  if (reply.Keep(node.blocks())) return std::move(reply);
  return MakeStatus(
      Outcome::kOk, Reason::kResource,
      Text("the answer finds no message memory: ", node.blocks().budget().Describe()));
}

}  // namespace

struct Channel::CallbackCall final : CallWaiter {
  Block self;
  Callback done;
  CallLimit from;
  CallLimit limit() const override { return from; }
  void OnCallEnd(absl::Status status, Message&& reply) override {
    Callback done_now = std::move(done);
    {
      const Block freed = std::move(self);
      this->~CallbackCall();
    }
    try {
      if (status.ok())
        done_now(std::move(reply));
      else
        done_now(std::move(status));
    } catch (...) {
      SayThrown("the callback of a call", std::current_exception());
    }
  }
};

absl::Status Channel::CallAsync(uint32_t type, Payload& payload, const CallOptions& options,
                                Callback done) {
  Terms terms;
  if (absl::Status status = MakeCallTerms(options, options_.timeout_us, terms); !status.ok())
    return status;
  Block block = node_.blocks().Get(sizeof(CallbackCall));
  if (!block)
    return Refused(Reason::kResource,
                   Text("no message memory: ", node_.blocks().budget().Describe()));
  void* at = block.data();
  auto* call = new (at) CallbackCall;
  call->self = std::move(block);
  call->done = std::move(done);
  call->from = {options.timeout_us, terms.inherited_type};
  absl::Status status = Start(type, payload, options, terms, *call, nullptr,
                              options_.on_full == OnFull::kWait || QueuesAtFirst());
  if (!status.ok()) {
    const Block freed = std::move(call->self);
    call->~CallbackCall();
  }
  return status;
}

// ---- Those who wait for a call.

bool Channel::CallBase::Begin() {
  if (started_) return done_;
  started_ = true;
  absl::Status status = channel_.MakeCallTerms(options_, channel_.options_.timeout_us, terms_);
  if (!status.ok()) {
    result_ = std::move(status);
    return done_ = true;
  }
  if (Try()) return done_;
  channel_.AwaitRoom(*this, terms_);
  return false;
}

bool Channel::CallBase::Try() {
  const bool waits = channel_.options_.on_full == OnFull::kWait;
  absl::Status status = channel_.Start(type_, payload(), options_, terms_, *this, nullptr,
                                       !waits && channel_.QueuesAtFirst());
  if (status.ok()) return sent_ = true;
  if (ReasonOf(status) == Reason::kBackPressure && waits) {
    if (channel_.node_.clock().NowNs() < terms_.deadline_ns) return false;
    status = channel_.NoRoomInTime(status, limit());
  }
  result_ = std::move(status);
  return done_ = true;
}

bool Channel::CallBase::OnRoom() {
  if (!Try()) return false;
  Unlink();  // if it was sent, OnCallEnd comes
  if (done_) suspended_.Resume(channel_.node_);
  return true;
}

void Channel::CallBase::OnCallEnd(absl::Status status, Message&& reply) {
  result_ = Kept(std::move(status), std::move(reply), channel_.node_);
  done_ = true;
  suspended_.Resume(channel_.node_);
}

bool Channel::SendBase::Begin() {
  status_ = channel_.MakeTerms(options_, terms_);
  if (!status_.ok()) return done_ = true;
  if (Try()) return true;
  // Of the wait: the message itself has none.
  channel_.SetWaitDeadline(options_, terms_);
  channel_.AwaitRoom(*this, terms_);
  return false;
}

bool Channel::SendBase::Try() {
  status_ = channel_.StartOneWay(type_, payload(), options_, terms_, channel_.options_.on_full);
  if (ReasonOf(status_) == Reason::kBackPressure && channel_.options_.on_full == OnFull::kWait) {
    if (channel_.node_.clock().NowNs() < terms_.deadline_ns) return false;
    status_ = channel_.NoRoomInTime(status_, {options_.timeout_us, terms_.inherited_type});
  }
  if (!status_.ok()) ++channel_.session_->counters().refused;
  return done_ = true;
}

bool Channel::SendBase::OnRoom() {
  if (!Try()) return false;
  Unlink();
  suspended_.Resume(channel_.node_);
  return true;
}

// ---- ClientStream.

ClientStream::~ClientStream() {
  if (finisher_ != nullptr) finisher_->stream_ = nullptr;
  if (done_) return;  // the channel may be gone
  end_.Detach(Refused(Reason::kClosed, "the stream was destroyed"));
  channel_.Abandon(*this);
  if (finisher_ != nullptr) finisher_->suspended_.Resume(channel_.node());
}

absl::Status ClientStream::FinishAwaiter::StreamDestroyed() {
  return MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                    "the stream was destroyed before its end was known; the call may have run");
}

void ClientStream::OnCallEnd(absl::Status status, Message&& reply) {
  end_.Detach(status.ok() ? Refused(Reason::kClosed, "the call is over") : status);
  reply_ = Kept(std::move(status), std::move(reply), channel_.node());
  done_ = true;
  if (finisher_ != nullptr) finisher_->suspended_.Resume(channel_.node());
}

void ClientStream::Cancel() {
  if (done_) return;
  const absl::Status why =
      MakeStatus(Outcome::kInDoubt, Reason::kCancelled, "the caller cancelled the stream");
  channel_.Abandon(*this);
  OnCallEnd(why, Message());
}

}  // namespace jackfield
