// Calls that can be cancelled: each a coroutine of its own, which is destroyed for that.
#include <string>
#include <utility>
#include <vector>

#include "bindings/c/guard.h"
#include "jackfield/outcome.h"

namespace jackfield::c {
namespace {

// The task is gone when this returns; whom to tell is the caller's.
std::pair<jf_answer_fn, void*> End(jf_pending& pending) {
  pending.Unlink();
  pending.kind.store(Kind::kNone);
  pending.task = Task<void>();
  pending.answer = absl::UnknownError("");
  pending.node = nullptr;
  const std::pair<jf_answer_fn, void*> told(std::exchange(pending.fn, nullptr), pending.user);
  Shells<jf_pending>::Give(pending);
  return told;
}

absl::Status Cancelled() {
  return MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                    "the caller cancelled the call; it may have run");
}

// In front of its parameters is the node, whose memory holds this.
Task<void> Call(Node& node, jf_pending& pending, Channel& channel, uint32_t type, std::string bytes,
                CallOptions options, std::vector<int> fds) {
  static_cast<void>(node);
  options.fds = fds;
  pending.answer = co_await channel.Call(type, Bytes(bytes), options);
}

void OnDone(void* user) {
  auto& pending = *static_cast<jf_pending*>(user);
  if (pending.begins) return;  // BeginPending sees it
  jf_node& node = *pending.node;
  absl::StatusOr<Message> answer = std::move(pending.answer);
  const auto [fn, of_user] = End(pending);
  Tell(node, fn, of_user, std::move(answer));
}

}  // namespace

absl::StatusOr<jf_pending*> BeginPending(jf_channel& channel, uint32_t type, std::string bytes,
                                         const CallOptions& options, jf_answer_fn fn, void* user) {
  jf_pending* pending = Shells<jf_pending>::Take();
  pending->node = channel.node;
  pending->fn = fn;
  pending->user = user;
  pending->begins = true;
  channel.node->pending.PushBack(*pending);
  try {
    pending->task = Call(NodeOf(*channel.node), *pending, *channel.channel, type, std::move(bytes),
                         options, std::vector<int>(options.fds.begin(), options.fds.end()));
    pending->task.Start(OnDone, pending);
  } catch (...) {
    End(*pending);
    throw;
  }
  pending->begins = false;
  if (!pending->task.done()) return pending;
  absl::Status status = pending->answer.ok() ? absl::InternalError("a call was answered at once")
                                             : pending->answer.status();
  End(*pending);
  return status;
}

void CancelPending(jf_pending& pending) {
  jf_node& node = *pending.node;
  const auto [fn, user] = End(pending);
  Tell(node, fn, user, Cancelled());
}

}  // namespace jackfield::c

using namespace jackfield;     // NOLINT: the functions of the ABI lie outside
using namespace jackfield::c;  // NOLINT

int jf_cancel(jf_pending* pending) {
  return Guarded("jf_cancel", pending, [pending]() -> absl::Status {
    jf_node* const node = pending->node;
    const auto [fn, user] = End(*pending);
    node->node->Defer([node, fn, user] { Tell(*node, fn, user, Cancelled()); });
    return absl::OkStatus();
  });
}
