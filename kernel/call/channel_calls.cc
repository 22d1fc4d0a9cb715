// Those who wait for a call of a Channel: awaiters, one-way sends, streams. The table of calls is
// in channel.cc.
#include <cstring>
#include <new>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/thrown.h"
#include "kernel/call/channel.h"

namespace jackfield {
namespace {

constexpr uint32_t kExtensionAt = Align8(sizeof(Block));

absl::Status NoMemoryFor(BlockPool& memory) {
  return MakeStatus(Outcome::kOk, Reason::kResource,
                    Text("the answer finds no message memory: ", memory.budget().Describe()));
}

// Requires: `kept` is an empty message.
void Keep(absl::Status status, MessageView* reply, Node& node, absl::StatusOr<Message>& kept) {
  if (reply == nullptr)
    kept = std::move(status);
  else if (!reply->KeepAs(*kept, node.blocks()))
    kept = NoMemoryFor(node.blocks());
}

}  // namespace

absl::StatusOr<Message> Answer::Keep() {
  if (!ok()) return status_;
  Message kept;
  if (!message_->KeepAs(kept, memory_)) return NoMemoryFor(memory_);
  return kept;
}

struct Channel::CallbackCall final : CallWaiter {
  explicit CallbackCall(Node& node) : node(node) {}
  Node& node;
  Block self;
  Callback done;
  CallLimit from;
  absl::Status why;  // there is no answer
  CallLimit limit() const override { return from; }
  void OnCallEnd(absl::Status status, MessageView* reply) override {
    if (reply != nullptr) return Tell(reply);  // in the turn that brought it
    why = std::move(status);
    node.Defer([this] { Tell(nullptr); });
  }
  void Tell(MessageView* reply) {
    Callback done_now = std::move(done);
    Answer answer(std::move(why), reply, node.blocks());
    Free();
    try {
      done_now(answer);
    } catch (...) {
      SayThrown("the callback of a call", std::current_exception());
    }
  }
  void Free() {
    const Block freed = std::move(self);
    this->~CallbackCall();
  }
};

absl::Status Channel::CallAsync(uint32_t type, Payload& payload, const CallOptions& options,
                                Callback done) {
  Terms terms;
  ExtensionSpace space;
  if (absl::Status status = MakeCallTerms(options, options_.timeout, terms, space); !status.ok())
    return status;
  Block block = node_.blocks().Get(sizeof(CallbackCall));
  if (!block) return session_->NoMemory();
  void* at = block.data();
  auto* call = new (at) CallbackCall(node_);
  call->self = std::move(block);
  call->done = std::move(done);
  call->from = {options.timeout, terms.inherited_type};
  absl::Status status = Start(type, payload, options, terms, *call, nullptr,
                              options_.on_full == OnFull::kWait || QueuesAtFirst());
  if (!status.ok()) call->Free();
  return status;
}

// ---- Those who wait for a call.

bool Channel::CallBase::Begin() {
  if (started_) return done_;
  started_ = true;
  ExtensionSpace space;
  absl::Status status = channel_.MakeCallTerms(options_, channel_.options_.timeout, terms_, space);
  if (!status.ok()) {
    result_ = std::move(status);
    return done_ = true;
  }
  if (Try()) return done_;
  if (!terms_.extension.empty() && !KeepExtension()) {
    result_ = channel_.session_->NoMemory();
    return done_ = true;
  }
  channel_.AwaitRoom(*this, terms_);
  return false;
}

// In a block of its own, with the Block itself in front: an awaiter lies in a coroutine's frame,
// and most never wait in a chain.
bool Channel::CallBase::KeepExtension() {
  const auto bytes = static_cast<uint32_t>(terms_.extension.size());
  Block block = channel_.node_.blocks().Get(kExtensionAt + bytes);
  if (!block) return false;
  std::byte* const data = block.data();
  std::memcpy(data + kExtensionAt, terms_.extension.data(), bytes);
  terms_.extension = {data + kExtensionAt, bytes};
  new (data) Block(std::move(block));
  return keeps_extension_ = true;
}

void Channel::CallBase::DropExtension() {
  keeps_extension_ = false;
  const std::byte* const at = terms_.extension.data() - kExtensionAt;
  const Block freed = std::move(*const_cast<Block*>(reinterpret_cast<const Block*>(at)));
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

void Channel::CallBase::OnCallEnd(absl::Status status, MessageView* reply) {
  Keep(std::move(status), reply, channel_.node_, result_);
  done_ = true;
  Resume();
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
    status_ = channel_.NoRoomInTime(status_, {options_.timeout, terms_.inherited_type});
  }
  if (!status_.ok()) ++channel_.session_->counters().refused;
  return done_ = true;
}

// ---- ClientStream.

ClientStream::~ClientStream() {
  if (!done_) {  // else the channel may be gone
    end_.Detach(Refused(Reason::kClosed, "the stream was destroyed"));
    channel_.Abandon(*this);
    if (finisher_ != nullptr) finisher_->Resume();
  }
  if (finisher_ != nullptr) finisher_->stream_ = nullptr;
}

absl::Status ClientStream::FinishAwaiter::StreamDestroyed() {
  return MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                    "the stream was destroyed before its end was known; the call may have run");
}

void ClientStream::OnCallEnd(absl::Status status, MessageView* reply) {
  end_.Detach(status.ok() ? Refused(Reason::kClosed, "the call is over") : status);
  Keep(std::move(status), reply, channel_.node(), reply_);
  done_ = true;
  if (finisher_ != nullptr) finisher_->Resume();
}

void ClientStream::Cancel() {
  if (done_) return;
  const absl::Status why =
      MakeStatus(Outcome::kInDoubt, Reason::kCancelled, "the caller cancelled the stream");
  channel_.Abandon(*this);
  OnCallEnd(why, nullptr);
}

}  // namespace jackfield
