#include "services/stubs/server.h"

namespace jackfield {
namespace {

// The handler's status ends these; there is no table to answer with.
bool HasEmptyAnswer(Method::Kind kind) {
  return kind == Method::Kind::kOneWay || kind == Method::Kind::kServerStream ||
         kind == Method::Kind::kBothStreams;
}

bool IsStream(Method::Kind kind) {
  return kind != Method::Kind::kCall && kind != Method::Kind::kOneWay;
}

// A parameter of its own that has a node(), so that the frame lies in the node's pool.
Task<absl::Status> AnswerEmptyAfter(ServerCall& call, Task<absl::Status> work) {
  absl::Status status = co_await work;
  if (status.ok() && !call.answered() && !call.one_way()) co_return call.Reply(Bytes());
  co_return status;
}

}  // namespace

void AnyCall::FailForItem(ServerCall& call, const Method& method, size_t bytes) {
  if (call.answered()) return;
  call.Fail(absl::InvalidArgumentError(Text(method.name, ": an item of ", bytes,
                                            " bytes is not what the schema says, or "
                                            "has more than ",
                                            method.tables_max, " tables")))
      .IgnoreError();  // its caller has gone then
}

namespace stubs_internal {

bool IsOfItsKind(ServerCall& call, const Method& method) {
  const bool stream = IsStream(method.kind);
  if (stream == (call.stream() != nullptr)) return true;
  if (call.one_way()) return false;  // there is nobody to tell
  call.Fail(absl::InvalidArgumentError(Text(method.name, stream ? " is a stream: open it as one"
                                                                : " is not a stream: call it")))
      .IgnoreError();  // its caller has gone then
  return false;
}

void RefuseRequest(ServerCall& call, const Method& method) {
  if (call.one_way()) return;  // there is nobody to tell
  call.Fail(absl::InvalidArgumentError(Text(method.name, ": the request of ", call.payload().size(),
                                            " bytes is not what the "
                                            "schema says, or has more than ",
                                            method.tables_max, " tables")))
      .IgnoreError();  // its caller has gone then
}

void Settle(ServerCall& call, const Method& method, Handling handling) {
  const bool empty = HasEmptyAnswer(method.kind);
  if (handling.task()) {
    return call.Run(empty ? AnswerEmptyAfter(call, std::move(handling.task()))
                          : std::move(handling.task()));
  }
  if (call.answered() || call.one_way() || call.held()) return;
  if (!handling.status().ok())
    call.Fail(handling.status()).IgnoreError();  // its caller has gone then
  else if (empty)
    call.Reply(Bytes()).IgnoreError();  // likewise
  else
    call.Fail(absl::InternalError(Text(method.name, ": the handler returned without an answer")))
        .IgnoreError();
}

}  // namespace stubs_internal
}  // namespace jackfield
