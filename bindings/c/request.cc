// Requests: a handler's view of a call, as long as there is one.
#include <utility>

#include "bindings/c/guard.h"
#include "jackfield/outcome.h"

namespace jackfield::c {

void EndRequest(jf_request& request) {
  request.Unlink();
  if (request.stream != nullptr) EndStream(*request.stream);
  if (request.message != nullptr) EndMessage(*request.message);
  request.message = nullptr;
  request.call = nullptr;
  request.runs = request.held = request.answered = false;
  std::exchange(request.node, nullptr)->free_requests.Give(request);
}

void Serve(jf_port& port, jf_handler_fn fn, void* user, ServerCall& call) {
  if (port.refuses) {
    if (!call.one_way())
      call.Fail(Refused(Reason::kClosed, Text(call.node().name(), " is closing"))).IgnoreError();
    return;
  }
  struct Running {
    ~Running() {
      request->runs = false;
      if (request->answered || !request->held) EndRequest(*request);
    }
    jf_request* request;
  } running{port.node->free_requests.Take()};
  jf_request* const request = running.request;
  request->node = port.node;
  request->call = &call;
  request->runs = true;
  port.requests.PushBack(*request);
  fn(user, request);
}

namespace {

// After an answer, in whichever way it ended.
absl::Status AfterAnswer(jf_request& request, absl::Status status) {
  const Reason reason = ReasonOf(status);
  if (!status.ok() && (reason == Reason::kTooLarge || reason == Reason::kMisuse))
    return status;  // nothing was sent: another answer may fit
  request.answered = true;
  if (!request.runs) EndRequest(request);
  return status;
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_request_facts(jf_request* request, jf_request_info* info) {
  return Guarded("jf_request_facts", request, [=]() -> absl::Status {
    if (absl::Status sized = CheckSize("jf_request_facts", info); !sized.ok()) return sized;
    const ServerCall& call = *request->call;
    const PeerIdentity peer = call.peer();
    request->peer = call.peer_name();
    info->type = call.type();
    info->one_way = call.one_way() ? 1 : 0;
    info->cancelled = call.cancelled() ? 1 : 0;
    info->is_stream = call.stream() != nullptr ? 1 : 0;
    info->priority = call.priority() + 1u;
    const nanoseconds left = call.remaining();
    info->remaining_us =
        left == nanoseconds::max() ? JF_FOREVER : std::max<int64_t>(0, left.count() / 1000);
    info->peer = request->peer.c_str();
    info->peer_known = peer.known ? 1 : 0;
    info->peer_uid = peer.uid;
    info->peer_gid = peer.gid;
    info->peer_pid = peer.pid;
    request->caller = call.caller();
    info->caller = request->caller.c_str();
    return absl::OkStatus();
  });
}

jf_message* jf_request_message(jf_request* request) {
  jf_message* message = nullptr;
  Guarded("jf_request_message", request, [&]() -> absl::Status {
    if (request->message == nullptr)
      request->message = LendMessage(*request->node, request->call->message());
    message = request->message;
    return absl::OkStatus();
  });
  return message;
}

int jf_hold(jf_request* request) {
  return Guarded("jf_hold", request, [request]() -> absl::Status {
    ServerCall& call = *request->call;
    if (call.one_way())
      return Misuse("jf_hold", "a one-way message takes no answer: copy what is in it");
    if (request->answered) return Misuse("jf_hold", "the request is answered already");
    if (request->held) return absl::OkStatus();
    call.Hold();
    if (call.answered()) {
      request->answered = true;
      return Refused(Reason::kResource, "jf_hold: no message memory to keep the request");
    }
    request->held = true;
    return absl::OkStatus();
  });
}

int jf_request_on_cancel(jf_request* request, jf_post_fn fn, void* user) {
  return Guarded("jf_request_on_cancel", request, [=]() -> absl::Status {
    if (absl::Status given = CheckFunction("jf_request_on_cancel", fn); !given.ok()) return given;
    request->call->OnCancel([fn, user] { fn(user); });
    return absl::OkStatus();
  });
}

int jf_reply(jf_request* request, const void* data, size_t bytes) {
  return Guarded("jf_reply", request, [=]() -> absl::Status {
    absl::Status given =
        FirstOf(CheckBytes("jf_reply", data, bytes), CheckUnblocked("jf_reply", request->stream));
    if (!given.ok()) return given;
    return AfterAnswer(*request, request->call->Reply(BytesOf(data, bytes)));
  });
}

int jf_fail(jf_request* request, int code, const char* text) {
  return Guarded("jf_fail", request, [=]() -> absl::Status {
    if (code < JF_CANCELLED || code > JF_UNAUTHENTICATED)
      return Wrong("jf_fail", Text("the code ", code, " is not one of 1 to 16"));
    if (absl::Status free = CheckUnblocked("jf_fail", request->stream); !free.ok()) return free;
    const absl::Status status(static_cast<absl::StatusCode>(code), text == nullptr ? "" : text);
    return AfterAnswer(*request, request->call->Fail(status));
  });
}

int jf_request_stream(jf_request* request, jf_stream** out) {
  constexpr const char* kFunction = "jf_request_stream";
  return Guarded(kFunction, request, [=]() -> absl::Status {
    if (absl::Status given = CheckOut(kFunction, out); !given.ok()) return given;
    if (request->call->stream() == nullptr)
      return Misuse(kFunction, "its caller did not open it as a stream");
    if (request->answered) return Misuse(kFunction, "the request is answered already");
    if (request->stream == nullptr) {
      request->stream = Shells<jf_stream>::Take();
      request->stream->node = request->node;
      request->stream->request = request;
    }
    *out = request->stream;
    return absl::OkStatus();
  });
}
