#include "kernel/loop/future.h"

#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

absl::Status BlockedInHandler(const Loop& loop) {
  if (absl::Status status = loop.Usable(); !status.ok()) return status;  // another thread's handler
  return Refused(Reason::kMisuse,
                 "a blocking wait from inside a handler or a coroutine of the same node would "
                 "wait for itself: use co_await");
}

absl::Status Interrupted(const Loop& loop, bool sent) {
  if (absl::Status status = loop.Usable(); !status.ok()) {
    if (!sent || ReasonOf(status) == Reason::kMisuse) return status;
    return MakeStatus(Outcome::kInDoubt, Reason::kResource,
                      Text(std::string(status.message()), "; what was asked for may happen"));
  }
  if (!sent) return Refused(Reason::kCancelled, "asked to stop while waiting; nothing was sent");
  return MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                    "asked to stop while waiting for an answer; what was asked for may happen");
}

absl::Status PromiseDropped() {
  return MakeStatus(Outcome::kInDoubt, Reason::kCancelled,
                    "the promise was dropped, so that nobody can keep it");
}

}  // namespace jackfield
