// What the calls of a Channel return, and the templates that make them: a part of
// kernel/call/channel.h, which includes it.
#ifndef JACKFIELD_KERNEL_CALL_PENDING_CALL_H_
#define JACKFIELD_KERNEL_CALL_PENDING_CALL_H_

#include <coroutine>
#include <memory>
#include <utility>

#include "kernel/call/channel.h"

namespace jackfield {

class Channel::CallBase : public CallWaiter, public SendAwaiter<CallBase> {
 public:
  ~CallBase() override {
    if (started_ && !done_) channel_.Abandon(*this);
    if (keeps_extension_) DropExtension();
  }
  bool await_ready() { return Begin(); }
  absl::StatusOr<Message> await_resume() { return std::move(result_); }
  absl::StatusOr<Message> Wait() {  // inside a handler nothing is begun
    return loop().in_turn() ? BlockedInHandler(loop()) : Awaiter::Wait();
  }
  Node& node() const { return channel_.node_; }
  Loop& loop() const { return channel_.node_; }

 protected:
  CallBase(Channel& channel, uint32_t type, const CallOptions& options)
      : SendAwaiter(FrameKind::Request), type_(type), channel_(channel), options_(options) {}

 private:
  friend class Channel;
  friend class Awaiter<CallBase>;
  friend class SendAwaiter<CallBase>;
  const bool& sent() const { return sent_; }
  bool Begin();  // true: it has ended already
  bool Try();    // true: sent, or ended
  bool KeepExtension();
  void DropExtension();
  void OnCallEnd(absl::Status status, MessageView* reply) override;
  CallLimit limit() const override { return {options_.timeout, terms_.inherited_type}; }

  bool started_ = false, sent_ = false;
  bool keeps_extension_ = false;  // of terms_: it waits for room
  const uint32_t type_;
  Channel& channel_;
  const CallOptions options_;
  Terms terms_;
  absl::StatusOr<Message> result_ = Message();
};

template <class P>
Channel::PendingCall<P> Channel::Call(uint32_t type, P payload, const CallOptions& options) {
  return PendingCall<P>(std::move(payload), *this, type, options);
}

// Apart from the other: options by default would lie in the frame of each coroutine that calls.
template <class P>
Channel::PendingCall<P> Channel::Call(uint32_t type, P payload) {
  static constexpr CallOptions kDefault;
  return PendingCall<P>(std::move(payload), *this, type, kDefault);
}

class Channel::SendBase : public SendAwaiter<SendBase> {
 public:
  bool await_ready() { return Begin(); }
  absl::Status await_resume() { return std::move(status_); }
  Loop& loop() const { return channel_.node_; }

 protected:
  SendBase(Channel& channel, uint32_t type, const CallOptions& options)
      : SendAwaiter(FrameKind::OneWay), channel_(channel), type_(type), options_(options) {}

 private:
  friend class SendAwaiter<SendBase>;
  bool Begin();
  bool Try();

  Channel& channel_;
  const uint32_t type_;
  const CallOptions options_;
  Terms terms_;
  absl::Status status_;
};

template <class P>
Channel::PendingSend<P> Channel::Send(uint32_t type, P payload, CallOptions options) {
  return PendingSend<P>(std::move(payload), *this, type, options);
}

template <class P>
Future<Message> Channel::CallFuture(uint32_t type, P payload, const CallOptions& options) {
  Promise<Message> promise(node_);
  Future<Message> future = promise.future();
  absl::Status status =
      CallAsync(type, static_cast<Payload&>(payload), options,
                [promise](Answer& answer) mutable { promise.Set(answer.Keep()); });
  if (!status.ok()) promise.Set(std::move(status));
  return future;
}

template <class P>
absl::StatusOr<std::unique_ptr<ClientStream>> Channel::OpenStream(uint32_t type, P payload,
                                                                  const CallOptions& options) {
  std::unique_ptr<ClientStream> stream(new ClientStream(*this));
  Terms terms;
  ExtensionSpace space;
  if (absl::Status status = MakeCallTerms(options, kNoTimeout, terms, space); !status.ok())
    return status;
  stream->limit_ = {options.timeout, terms.inherited_type};
  if (absl::Status status = Start(type, payload, options, terms, *stream, &stream->end_, true);
      !status.ok())
    return status;
  return stream;
}

class ClientStream::FinishAwaiter : public Awaiter<FinishAwaiter> {
 public:
  explicit FinishAwaiter(ClientStream& stream) : stream_(&stream) {}
  ~FinishAwaiter() {
    if (stream_ != nullptr && stream_->finisher_ == this) stream_->finisher_ = nullptr;
  }
  bool done() const { return stream_->done_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    stream_->finisher_ = this;
    Awaiter::await_suspend(waiting);
  }
  absl::StatusOr<Message> await_resume() {
    if (stream_ == nullptr) return StreamDestroyed();
    return std::move(stream_->reply_);
  }
  Loop& loop() const { return stream_->channel_.node(); }

 private:
  friend class Awaiter<FinishAwaiter>;
  friend class ClientStream;
  static constexpr bool kSent = true;
  const bool& sent() const { return kSent; }
  static absl::Status StreamDestroyed();
  ClientStream* stream_;  // null: it was destroyed
};

inline ClientStream::FinishAwaiter ClientStream::Finish() { return FinishAwaiter(*this); }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PENDING_CALL_H_
