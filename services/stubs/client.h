// What generated clients are made of. They add to kernel/call/channel.h: types, the method's
// defaults, and verified answers.
//
//   absl::StatusOr<MessageOf<SayReply>> reply = co_await echo.Say(request);   // or .Wait()
//
//   absl::StatusOr<ReadStream<SayReply>> stream = echo.Repeat(request);
//   while (std::optional<MessageOf<SayReply>> item = co_await stream->Read()) { … }
//   absl::Status ended = co_await stream->Finish();
//
// Errors: those of the channel and of the handler; DATA_LOSS for what comes and is not what the
// schema says, which names the first fault; UNIMPLEMENTED, with the method's name, from a service
// that does not have it; FAILED_PRECONDITION (REFUSED) where it serves another schema that this one
// does not go together with (expected_schema.h). Thread: the node's. The channel outlives the
// client, its calls and its streams.
//
// A call of a method that the schema calls `idempotent`, when it is awaited or waited for, is made
// again if its service went away: tries.h has the rules. All else is made once.
#ifndef JACKFIELD_SERVICES_STUBS_CLIENT_H_
#define JACKFIELD_SERVICES_STUBS_CLIENT_H_

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/call/channel.h"
#include "services/stubs/expected_schema.h"
#include "services/stubs/message_of.h"
#include "services/stubs/retried_call.h"
#include "services/stubs/route.h"

namespace jackfield {

inline CallOptions WithDefaultsOf(const Method& method, CallOptions options) {
  if (options.timeout == 0s) options.timeout = method.timeout;
  return options;
}

// A call that waits to be awaited: it starts then.
template <class Reply, class Carrier>
class [[nodiscard]] MethodCall {
 public:
  MethodCall(Channel& channel, const Method& method, Carrier request, const CallOptions& options)
      : method_(method), call_(channel.Call(method.type, std::move(request), options)) {}
  bool await_ready() { return call_.await_ready(); }
  void await_suspend(std::coroutine_handle<> waiting) { call_.await_suspend(waiting); }
  absl::StatusOr<MessageOf<Reply>> await_resume() {
    return stubs_internal::Typed<Reply>(method_, call_.await_resume(), call_.node());
  }
  // Blocks; outside handlers only.
  absl::StatusOr<MessageOf<Reply>> Wait() {
    return stubs_internal::Typed<Reply>(method_, call_.Wait(), call_.node());
  }

 private:
  const Method& method_;
  Channel::PendingCall<Carrier> call_;
};

// A call with items in one or both directions. Sent, Got and Answer are tables; void: there are
// none.
template <class Sent, class Got, class Answer>
class TypedStream {
 public:
  // The next item; nullopt after the last one, and after one that is not what the schema says:
  // Finish tells.
  auto Read() requires(!std::is_void_v<Got>) {
    auto on_invalid = [this](const absl::Status& why) { Break(why); };
    return stubs_internal::ItemRead<Got, ClientStream, decltype(on_invalid)>(
        *method_, Way::kReply, *stream_, stream_->node(), on_invalid);
  }
  // Sends one item, when there is room: co_await, or .Wait(). A status.
  template <class P>
  requires(!std::is_void_v<Sent> && PayloadOf<P, Sent>) auto Write(P item) {
    return stream_->Write(stubs_internal::ToPayload<Sent>(*method_, std::move(item)));
  }
  absl::Status EndWrites() requires(!std::is_void_v<Sent>) { return stream_->EndWrites(); }
  // The answer, after the last item: a StatusOr<MessageOf<Answer>>, or a Status where Answer is
  // void.
  class FinishAwaiter;
  FinishAwaiter Finish() { return FinishAwaiter(*this); }
  void Cancel() { stream_->Cancel(); }

  // Outside handlers it blocks until the channel is open; inside them the channel must be.
  template <class Carrier>
  static absl::StatusOr<TypedStream> Open(const Route& route, const Method& method, Carrier request,
                                          const CallOptions& options) {
    Channel& channel = route.channel();
    if (!channel.open() && !channel.node().in_turn())
      channel.WaitOpen().IgnoreError();  // OpenStream says the same
    if (!channel.open() && channel.ended_why().ok()) {
      return MakeStatus(
          Outcome::kRefused, Reason::kBackPressure,
          Text(method.name, ": ", channel.Describe(), ": a stream needs a channel that is open"));
    }
    absl::StatusOr<std::unique_ptr<ClientStream>> stream =
        channel.OpenStream(method.type, std::move(request), WithDefaultsOf(method, options));
    if (!stream.ok()) return stream.status();
    return TypedStream(method, *std::move(stream));
  }

 private:
  TypedStream(const Method& method, std::unique_ptr<ClientStream> stream)
      : method_(&method), stream_(std::move(stream)) {}
  void Break(const absl::Status& why) {
    broken_ = MakeStatus(Outcome::kInDoubt, Reason::kCorrupt, static_cast<int>(why.code()),
                         std::string(why.message()));
    stream_->Cancel();
  }
  const Method* method_;
  std::unique_ptr<ClientStream> stream_;
  absl::Status broken_;
};

template <class Sent, class Got, class Answer>
class [[nodiscard]] TypedStream<Sent, Got, Answer>::FinishAwaiter {
 public:
  explicit FinishAwaiter(TypedStream& stream)
      : stream_(stream), finish_(stream.stream_->Finish()) {}
  bool await_ready() const { return finish_.await_ready(); }
  void await_suspend(std::coroutine_handle<> waiting) { finish_.await_suspend(waiting); }
  auto await_resume() { return Ended(finish_.await_resume()); }
  auto Wait() { return Ended(finish_.Wait()); }

 private:
  auto Ended(absl::StatusOr<Message> reply) {
    if (!stream_.broken_.ok()) reply = stream_.broken_;
    if constexpr (std::is_void_v<Answer>)
      return stubs_internal::Named(*stream_.method_, reply.status());
    else
      return stubs_internal::Typed<Answer>(*stream_.method_, std::move(reply),
                                           stream_.stream_->node());
  }
  TypedStream& stream_;
  ClientStream::FinishAwaiter finish_;
};

template <class Item>
using ReadStream = TypedStream<void, Item, void>;  // (streaming: "server")
template <class Item, class Answer>
using WriteStream = TypedStream<Item, void, Answer>;  // (streaming: "client")
template <class Sent, class Got>
using BothStreams = TypedStream<Sent, Got, void>;  // (streaming: "both")

// Implementation: what the methods of generated clients call.

template <class Request, class Reply, class P>
auto CallMethod(const Route& route, const Method& method, P request, const CallOptions& options) {
  return MethodCall<Reply, stubs_internal::CarrierOf<Request, P>>(
      route.channel(), method, stubs_internal::ToPayload<Request>(method, std::move(request)),
      WithDefaultsOf(method, options));
}

// Of an idempotent method.
template <class Request, class Reply, class P>
auto RetryMethod(const Route& route, const Method& method, P request, const CallOptions& options) {
  return RetriedCall<Reply, stubs_internal::CarrierOf<Request, P>>(
      route, method, stubs_internal::ToPayload<Request>(method, std::move(request)),
      WithDefaultsOf(method, options));
}

// `done` is called with an absl::StatusOr<MessageOf<Reply>>; not when this returns an error. It may
// capture 48 bytes.
template <class Request, class Reply, class P, class Done>
absl::Status CallMethodAsync(const Route& route, const Method& method, P request,
                             const CallOptions& options, Done done) {
  Channel& channel = route.channel();
  return channel.CallAsync(
      method.type, stubs_internal::ToPayload<Request>(method, std::move(request)),
      WithDefaultsOf(method, options),
      [&node = channel.node(), &method, done = std::move(done)](Answer& answer) mutable {
        done(stubs_internal::Typed<Reply>(method, answer.Keep(), node));
      });
}

template <class Request, class Reply, class P>
Future<MessageOf<Reply>> CallMethodFuture(const Route& route, const Method& method, P request,
                                          const CallOptions& options) {
  Promise<MessageOf<Reply>> promise(route.channel().node());
  Future<MessageOf<Reply>> future = promise.future();
  absl::Status refused = CallMethodAsync<Request, Reply>(
      route, method, std::move(request), options,
      [promise](absl::StatusOr<MessageOf<Reply>> reply) mutable { promise.Set(std::move(reply)); });
  if (!refused.ok()) promise.Set(std::move(refused));
  return future;
}

template <class Stream, class Request, class P>
absl::StatusOr<Stream> OpenStreamOf(const Route& route, const Method& method, P request,
                                    const CallOptions& options) {
  return Stream::Open(route, method, stubs_internal::ToPayload<Request>(method, std::move(request)),
                      options);
}

template <class Request, class P>
auto SendMethod(const Route& route, const Method& method, P request, const CallOptions& options) {
  return route.channel().Send(method.type,
                              stubs_internal::ToPayload<Request>(method, std::move(request)),
                              WithDefaultsOf(method, options));
}

// The same without waiting: REFUSED when there is no room.
template <class Request, class P>
absl::Status TrySendMethod(const Route& route, const Method& method, P request,
                           const CallOptions& options) {
  auto carrier = stubs_internal::ToPayload<Request>(method, std::move(request));
  return route.channel().TrySend(method.type, carrier, WithDefaultsOf(method, options));
}

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_CLIENT_H_
