#include "kernel/outcome.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace jackfield {
namespace {

constexpr const char* kPayload = "jackfield/outcome";

absl::StatusCode CodeOf(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return absl::StatusCode::kUnknown;
    case Reason::kBackPressure:
    case Reason::kResource:
      return absl::StatusCode::kResourceExhausted;
    case Reason::kTooLarge:
      return absl::StatusCode::kInvalidArgument;
    case Reason::kPermission:
      return absl::StatusCode::kPermissionDenied;
    case Reason::kVersion:
    case Reason::kDeadlock:
    case Reason::kMisuse:
      return absl::StatusCode::kFailedPrecondition;
    case Reason::kPeerDied:
    case Reason::kUnreachable:
    case Reason::kClosed:
      return absl::StatusCode::kUnavailable;
    case Reason::kCancelled:
      return absl::StatusCode::kCancelled;
    case Reason::kDeadline:
      return absl::StatusCode::kDeadlineExceeded;
    case Reason::kUnknownMethod:
      return absl::StatusCode::kUnimplemented;
    case Reason::kCorrupt:
      return absl::StatusCode::kDataLoss;
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

std::string_view Name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"OK", "REFUSED", "FAILED", "IN_DOUBT"};
  const auto i = static_cast<size_t>(outcome);
  return i < std::size(kNames) ? kNames[i] : "?";
}

std::string_view Name(Reason reason) {
  constexpr std::string_view kNames[] = {
      "none",     "back-pressure",  "too-large", "permission", "version",
      "deadlock", "resource",       "peer-died", "cancelled",  "unreachable",
      "deadline", "unknown-method", "corrupt",   "misuse",     "closed"};
  const auto i = static_cast<size_t>(reason);
  return i < std::size(kNames) ? kNames[i] : "?";
}

absl::Status MakeStatus(Outcome outcome, Reason reason, std::string_view text) {
  return MakeStatus(outcome, reason, static_cast<int>(CodeOf(reason)), text);
}

absl::Status MakeStatus(Outcome outcome, Reason reason, int code, std::string_view text) {
  if (code < 1 || code > 16) code = static_cast<int>(absl::StatusCode::kUnknown);
  absl::Status status(static_cast<absl::StatusCode>(code), std::string(text));
  if (outcome != Outcome::kOk) {
    const char bytes[2] = {static_cast<char>(outcome), static_cast<char>(reason)};
    status.SetPayload(kPayload, absl::Cord(std::string(bytes, 2)));
  }
  return status;
}

Outcome OutcomeOf(const absl::Status& status) {
  if (status.ok()) return Outcome::kOk;
  const auto payload = status.GetPayload(kPayload);
  if (!payload || payload->size() != 2) return Outcome::kOk;
  return static_cast<Outcome>((*payload)[0]);
}

Reason ReasonOf(const absl::Status& status) {
  if (status.ok()) return Reason::kNone;
  const auto payload = status.GetPayload(kPayload);
  if (!payload || payload->size() != 2) return Reason::kNone;
  return static_cast<Reason>((*payload)[1]);
}

}  // namespace jackfield
