// Calls and one-way messages.
#include <utility>

#include "bindings/c/guard.h"

namespace jackfield::c {

// Before any turn began.
constexpr nanoseconds kPassed = -1h;

absl::Status ReadCallOptions(const char* function, const jf_call_options* given,
                             CallOptions& options, bool& no_wait) {
  no_wait = false;
  if (given == nullptr) return absl::OkStatus();
  jf_call_options known;
  if (absl::Status status = ReadSized(function, given, known); !status.ok()) return status;
  if (known.priority > JF_PRIORITY_LOW)
    return Wrong(function, Text("the priority ", known.priority, " is not one of 0 to 4"));
  if (known.fds == nullptr && known.fd_count != 0) return Wrong(function, "fds is NULL");
  options.timeout = known.timeout_us < 0 ? kPassed : Microseconds(known.timeout_us);
  if (known.priority != 0) options.priority = static_cast<uint8_t>(known.priority - 1);
  options.detached = known.detached != 0;
  options.fds = std::span(known.fds, known.fd_count);
  no_wait = known.no_wait != 0;
  return absl::OkStatus();
}

namespace {

// What all of them look at.
template <class Body>
int GuardedCall(const char* function, jf_channel* channel, const void* data, size_t bytes,
                const jf_call_options* options, Body body) noexcept {
  return Guarded(function, channel, [&]() -> absl::Status {
    CallOptions known;
    bool no_wait = false;
    absl::Status status = FirstOf(CheckBytes(function, data, bytes),
                                  ReadCallOptions(function, options, known, no_wait));
    return status.ok() ? body(known, no_wait) : status;
  });
}

}  // namespace
}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_call(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
            const jf_call_options* options, jf_message** reply) {
  return GuardedCall("jf_call", channel, data, bytes, options, [&](const CallOptions& known, bool) {
    if (absl::Status out = CheckOut("jf_call", reply); !out.ok()) return out;
    absl::StatusOr<Message> got = channel->channel->Call(type, BytesOf(data, bytes), known).Wait();
    if (got.ok()) *reply = NewMessage(*channel->node, *std::move(got));
    return got.status();
  });
}

int jf_call_async(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
                  const jf_call_options* options, jf_answer_fn fn, void* user,
                  jf_pending** pending) {
  return GuardedCall(
      "jf_call_async", channel, data, bytes, options, [&](const CallOptions& known, bool) {
        if (absl::Status given = CheckFunction("jf_call_async", fn); !given.ok()) return given;
        if (pending != nullptr) {
          absl::StatusOr<jf_pending*> begun = BeginPending(
              *channel, type, std::string(static_cast<const char*>(data), bytes), known, fn, user);
          if (begun.ok()) *pending = *begun;
          return begun.status();
        }
        return channel->channel->CallAsync(type, BytesOf(data, bytes), known,
                                           [fn, user, node = channel->node](Answer& answer) {
                                             Tell(*node, fn, user, answer.Keep());
                                           });
      });
}

int jf_send(jf_channel* channel, uint32_t type, const void* data, size_t bytes,
            const jf_call_options* options) {
  return GuardedCall("jf_send", channel, data, bytes, options,
                     [&](const CallOptions& known, bool no_wait) {
                       Bytes payload = BytesOf(data, bytes);
                       if (no_wait) return channel->channel->TrySend(type, payload, known);
                       const Blocking blocking(*channel);
                       return channel->channel->Send(type, payload, known).Wait();
                     });
}
