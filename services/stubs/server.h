// What generated service classes are made of: handlers that take a typed call and return a
// Handling.
//
//   Handling Say(CallOf<SayRequest, SayReply> call) override {     plain: answers before it returns
//     return call.Reply(
//         [&](auto& fbb) { return CreateSayReplyDirect(fbb, call->text()->c_str()); });
//   }
//   Handling Look(CallOf<LookRequest, LookReply> call) override {  a coroutine: may wait for others
//     absl::StatusOr<MessageOf<StockReply>> stock = co_await stock_.Get(…);
//     if (!stock.ok()) co_return stock.status();
//     co_return call.Reply(…);
//   }
//
// It is the body that decides: with `return` the handler is plain and costs nothing more, with
// `co_return` it is a coroutine, whose frame lies in the node's block pool. The status it returns
// is the answer unless it has replied; OK without a reply is INTERNAL for a method that has one
// (unless call.call().Hold() was called), and the end of a server's stream or a one-way message.
//
// A request is verified before its handler runs; the caller of an invalid one gets
// INVALID_ARGUMENT, with the first fault. What a handler throws is its caller's INTERNAL
// (kernel/call/server_call.h). Thread: the node's. A call is a view: copy it, but only while its
// handler runs.
#ifndef JACKFIELD_SERVICES_STUBS_SERVER_H_
#define JACKFIELD_SERVICES_STUBS_SERVER_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "kernel/call/port.h"
#include "kernel/call/server_call.h"
#include "services/stubs/message_of.h"

namespace jackfield {

// What a handler returns: how it ended, or the task that goes on.
class [[nodiscard]] Handling {
 public:
  using promise_type = Task<absl::Status>::promise_type;
  Handling(absl::Status status) : status_(std::move(status)) {}  // NOLINT: made to be converted to
  Handling(Task<absl::Status> task) : task_(std::move(task)) {}  // NOLINT: likewise

  const absl::Status& status() const { return status_; }  // of a plain handler
  Task<absl::Status>& task() { return task_; }            // empty for a plain handler

 private:
  absl::Status status_;
  Task<absl::Status> task_;
};

// What all typed calls have: the call itself, for its deadline, cancellation, peer and descriptors.
class AnyCall {
 public:
  AnyCall(ServerCall& call, const Method& method) : call_(&call), method_(&method) {}
  ServerCall& call() const { return *call_; }
  Node& node() const { return call_->node(); }
  bool cancelled() const { return call_->cancelled(); }

 protected:
  // nullopt after the last item, and after one that is not what the schema says; the call has
  // failed then.
  template <class Item>
  auto ReadItem() const {
    auto on_invalid = [call = call_](const absl::Status& why) { FailForItem(*call, why); };
    return stubs_internal::ItemRead<Item, StreamEnd, decltype(on_invalid)>(
        *method_, Way::kRequest, *call_->stream(), call_->node(), on_invalid);
  }
  static void FailForItem(ServerCall& call, const absl::Status& why);

  ServerCall* call_;
  const Method* method_;
};

// A one-way message, and what the calls below have of it.
template <class Request_>
class OneWayOf : public AnyCall {
 public:
  using Request = Request_;
  using AnyCall::AnyCall;
  const Request& request() const { return *flatbuffers::GetRoot<Request>(call_->payload().data()); }
  const Request* operator->() const { return &request(); }
};

template <class Request, class Answer>
class CallOf : public OneWayOf<Request> {
 public:
  using OneWayOf<Request>::OneWayOf;
  // Errors: those of ServerCall::Reply.
  template <PayloadOf<Answer> P>
  absl::Status Reply(P answer) const {
    return this->call_->Reply(stubs_internal::ToPayload<Answer>(*this->method_, std::move(answer)));
  }
};

// (streaming: "server"): one request, many items; the handler's status ends it.
template <class Request, class Item>
class ServerStreamOf : public OneWayOf<Request> {
 public:
  using OneWayOf<Request>::OneWayOf;
  // co_await it: a status.
  template <PayloadOf<Item> P>
  auto Write(P item) const {
    return this->call_->stream()->Write(
        stubs_internal::ToPayload<Item>(*this->method_, std::move(item)));
  }
  // Without waiting. Errors: REFUSED (back-pressure) where the caller is slower; nothing was sent.
  template <PayloadOf<Item> P>
  absl::Status TryWrite(P item) const {
    auto carrier = stubs_internal::ToPayload<Item>(*this->method_, std::move(item));
    return this->call_->stream()->TryWrite(carrier);
  }
};

// (streaming: "client"): many items, one answer.
template <class Item, class Answer>
class ClientStreamOf : public AnyCall {
 public:
  using Request = void;
  using AnyCall::AnyCall;
  auto Read() const { return ReadItem<Item>(); }
  template <PayloadOf<Answer> P>
  absl::Status Reply(P answer) const {
    return call_->Reply(stubs_internal::ToPayload<Answer>(*method_, std::move(answer)));
  }
};

// (streaming: "both"): items in both directions; the handler's status ends it.
template <class Got, class Sent>
class BothStreamsOf : public AnyCall {
 public:
  using Request = void;
  using AnyCall::AnyCall;
  auto Read() const { return ReadItem<Got>(); }
  template <PayloadOf<Sent> P>
  auto Write(P item) const {
    return call_->stream()->Write(stubs_internal::ToPayload<Sent>(*method_, std::move(item)));
  }
  // Without waiting. Errors: REFUSED (back-pressure) where the caller is slower; nothing was sent.
  template <PayloadOf<Sent> P>
  absl::Status TryWrite(P item) const {
    auto carrier = stubs_internal::ToPayload<Sent>(*method_, std::move(item));
    return call_->stream()->TryWrite(carrier);
  }
};

// Implementation: what RegisterOn of generated services calls.

namespace stubs_internal {

constexpr bool IsStream(Method::Kind kind) {
  return kind != Method::Kind::kCall && kind != Method::Kind::kOneWay;
}
// Each answers the call, where an answer is wanted.
void RefuseKind(ServerCall& call, const Method& method);
bool AlignRequest(ServerCall& call, const Method& method);  // false: no memory, and answered
void RefuseRequest(ServerCall& call, const Method& method);
void Settle(ServerCall& call, const Method& method, Handling handling);

}  // namespace stubs_internal

// `handler` takes a Call, one of the typed calls above, and returns a Handling. `method` outlives
// the port.
template <class Call, class Handler>
void HandleMethod(Port& port, const Method& method, Handler handler) {
  port.Handle(method.type, [&method, handler](ServerCall& call) {
    if (stubs_internal::IsStream(method.kind) != (call.stream() != nullptr)) [[unlikely]]
      return stubs_internal::RefuseKind(call, method);
    if constexpr (!std::is_void_v<typename Call::Request>) {
      if (method.walked && !stubs_internal::AlignRequest(call, method)) [[unlikely]]
        return;
      if (stubs_internal::SoundRoot<typename Call::Request>(
              method, Way::kRequest, call.payload()) == nullptr) [[unlikely]] {
        return stubs_internal::RefuseRequest(call, method);
      }
    }
    stubs_internal::Settle(call, method, handler(Call(call, method)));
  });
}

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_STUBS_SERVER_H_
