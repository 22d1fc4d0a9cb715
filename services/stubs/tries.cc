#include "services/stubs/tries.h"

#include <string>

#include "kernel/base/outcome.h"
#include "kernel/base/text.h"

namespace jackfield {

CallOptions Tries::Begin() {
  CallOptions options = options_;
  if (retries_ == 0) began_ns_ = Now();
  if (options.timeout > 0s) {
    options.timeout -= Passed();
    if (options.timeout <= 0s) options.timeout = -1ns;  // 0 would be the channel's
  }
  return options;
}

bool Tries::Again(const absl::Status& ended) {
  if (ended.ok()) return false;
  const Outcome outcome = OutcomeOf(ended);
  if (outcome == Outcome::kInDoubt && in_doubt_.ok()) in_doubt_ = ended;
  const Reason reason = ReasonOf(ended);
  if ((outcome != Outcome::kInDoubt && outcome != Outcome::kFailed) ||
      (reason != Reason::kPeerDied && reason != Reason::kUnreachable) || retries_ == kRetriesMax ||
      !options_.fds.empty())
    return false;
  if (options_.timeout > 0s && Passed() >= options_.timeout) return false;
  const Route again = route_.Again();
  if (!again.channel().ended_why().ok()) return false;
  route_ = again;
  ++retries_;
  return true;
}

absl::Status Tries::Sum(const absl::Status& last) const {
  if (retries_ == 0 || OutcomeOf(last) == Outcome::kOk) return last;
  const bool doubt = !in_doubt_.ok() && OutcomeOf(last) != Outcome::kInDoubt;
  return WithText(
      doubt ? in_doubt_ : last,
      Text(std::string(last.message()), "; tried ", retries_ + 1, " times",
           doubt ? Text(", and an earlier try may have run: ", std::string(in_doubt_.message()))
                 : ""));
}

}  // namespace jackfield
