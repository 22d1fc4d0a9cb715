#include "services/stubs/server.h"

namespace jackfield {
namespace {

// The handler's status ends these; there is no table to answer with.
bool HasEmptyAnswer(Method::Kind kind) {
  return kind == Method::Kind::kOneWay || kind == Method::Kind::kServerStream ||
         kind == Method::Kind::kBothStreams;
}

// A parameter of its own that has a node(), so that the frame lies in the node's pool.
Task<absl::Status> AnswerEmptyAfter(ServerCall& call, Task<absl::Status> work) {
  absl::Status status = co_await work;
  if (status.ok() && !call.answered() && !call.one_way()) co_return call.Reply(Bytes());
  co_return status;
}

}  // namespace

void AnyCall::FailForItem(ServerCall& call, const absl::Status& why) {
  if (call.answered()) return;
  // What is lost data for a reader is a bad argument of who wrote it.
  call.Fail(why.code() == absl::StatusCode::kDataLoss ? absl::InvalidArgumentError(why.message())
                                                      : why)
      .IgnoreError();  // its caller has gone then
}

namespace stubs_internal {

void RefuseKind(ServerCall& call, const Method& method) {
  if (call.one_way()) return;  // there is nobody to tell
  call.Fail(absl::InvalidArgumentError(Text(method.name, IsStream(method.kind)
                                                             ? " is a stream: open it as one"
                                                             : " is not a stream: call it")))
      .IgnoreError();  // its caller has gone then
}

bool AlignRequest(ServerCall& call, const Method& method) {
  if (call.message().Align(method.alignment, call.node().blocks())) return true;
  if (!call.one_way()) call.Fail(NoMemoryToAlign(method)).IgnoreError();  // likewise
  return false;
}

void RefuseRequest(ServerCall& call, const Method& method) {
  if (call.one_way()) return;  // there is nobody to tell
  call.Fail(absl::InvalidArgumentError(NotSound(method, Way::kRequest, call.payload()).message()))
      .IgnoreError();  // likewise
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
