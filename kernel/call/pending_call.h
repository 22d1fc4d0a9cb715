// What the calls of a Channel return, and the templates that make them: a part of
// kernel/call/channel.h, which includes it.
#ifndef JACKFIELD_KERNEL_CALL_PENDING_CALL_H_
#define JACKFIELD_KERNEL_CALL_PENDING_CALL_H_

#include <coroutine>
#include <memory>
#include <utility>

#include "kernel/call/channel.h"

namespace jackfield {

class Channel::CallBase : public RoomWaiter, public CallWaiter {
 public:
  CallBase(const CallBase&) = delete;
  ~CallBase() override {
    if (started_ && !done_) channel_.Abandon(*this);
    if (keeps_extension_) DropExtension();
  }
  bool await_ready() { return Begin(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(channel_.node_, waiting);
  }
  absl::StatusOr<Message> await_resume() { return std::move(result_); }
  absl::StatusOr<Message> Wait() {
    if (channel_.node_.in_turn()) return BlockedInHandler(channel_.node_);
    if (Begin() || BlockUntil(channel_.node_, true, [this] { return done_; }).ok())
      return std::move(result_);
    return Interrupted(channel_.node_, sent_);
  }
  Node& node() const { return channel_.node_; }

 protected:
  CallBase(Channel& channel, uint32_t type, const CallOptions& options)
      : RoomWaiter(FrameKind::Request), channel_(channel), type_(type), options_(options) {}
  virtual Payload& payload() = 0;

 private:
  friend class Channel;
  bool Begin();  // true: it has ended already
  bool Try();    // true: sent, or ended
  bool KeepExtension();
  void DropExtension();
  bool OnRoom() override;
  void OnCallEnd(absl::Status status, MessageView* reply) override;
  CallLimit limit() const override { return {options_.timeout_us, terms_.inherited_type}; }

  Channel& channel_;
  const uint32_t type_;
  const CallOptions options_;
  Terms terms_;
  absl::StatusOr<Message> result_ = Message();
  Suspended suspended_;
  bool started_ = false, sent_ = false, done_ = false;
  bool keeps_extension_ = false;  // of terms_: it waits for room
};

template <class P>
class [[nodiscard]] Channel::PendingCall final : public Channel::CallBase {
 public:
  PendingCall(Channel& channel, uint32_t type, P payload, const CallOptions& options)
      : CallBase(channel, type, options), payload_(std::move(payload)) {}

 private:
  Payload& payload() override { return payload_; }
  P payload_;
};

template <class P>
Channel::PendingCall<P> Channel::Call(uint32_t type, P payload, CallOptions options) {
  return PendingCall<P>(*this, type, std::move(payload), options);
}

class Channel::SendBase : public RoomWaiter {
 public:
  SendBase(const SendBase&) = delete;
  bool await_ready() { return Begin(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    suspended_.Suspend(channel_.node_, waiting);
  }
  absl::Status await_resume() { return std::move(status_); }
  absl::Status Wait() {
    if (Begin()) return std::move(status_);
    absl::Status waited = BlockUntil(channel_.node_, false, [this] { return done_; });
    return waited.ok() ? std::move(status_) : waited;
  }

 protected:
  SendBase(Channel& channel, uint32_t type, const CallOptions& options)
      : RoomWaiter(FrameKind::OneWay), channel_(channel), type_(type), options_(options) {}
  virtual Payload& payload() = 0;

 private:
  friend class Channel;
  bool Begin();
  bool Try();
  bool OnRoom() override;

  Channel& channel_;
  const uint32_t type_;
  const CallOptions options_;
  Terms terms_;
  absl::Status status_;
  Suspended suspended_;
  bool done_ = false;
};

template <class P>
class [[nodiscard]] Channel::PendingSend final : public Channel::SendBase {
 public:
  PendingSend(Channel& channel, uint32_t type, P payload, const CallOptions& options)
      : SendBase(channel, type, options), payload_(std::move(payload)) {}

 private:
  Payload& payload() override { return payload_; }
  P payload_;
};

template <class P>
Channel::PendingSend<P> Channel::Send(uint32_t type, P payload, CallOptions options) {
  return PendingSend<P>(*this, type, std::move(payload), options);
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
  stream->limit_ = {options.timeout_us, terms.inherited_type};
  if (absl::Status status = Start(type, payload, options, terms, *stream, &stream->end_, true);
      !status.ok())
    return status;
  return stream;
}

class ClientStream::FinishAwaiter {
 public:
  explicit FinishAwaiter(ClientStream& stream) : stream_(&stream) {}
  ~FinishAwaiter() {
    if (stream_ != nullptr && stream_->finisher_ == this) stream_->finisher_ = nullptr;
  }
  bool await_ready() const { return stream_->done_; }
  void await_suspend(std::coroutine_handle<> waiting) {
    stream_->finisher_ = this;
    suspended_.Suspend(stream_->channel_.node(), waiting);
  }
  absl::StatusOr<Message> await_resume() {
    if (stream_ == nullptr) return StreamDestroyed();
    return std::move(stream_->reply_);
  }
  absl::StatusOr<Message> Wait() {
    if (!stream_->done_) {
      if (absl::Status waited =
              BlockUntil(stream_->channel_.node(), true, [this] { return stream_->done_; });
          !waited.ok())
        return waited;
    }
    return std::move(stream_->reply_);
  }

 private:
  friend class ClientStream;
  static absl::Status StreamDestroyed();
  ClientStream* stream_;  // null: it was destroyed
  Suspended suspended_;
};

inline ClientStream::FinishAwaiter ClientStream::Finish() { return FinishAwaiter(*this); }

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_CALL_PENDING_CALL_H_
