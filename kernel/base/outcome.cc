#include "kernel/base/outcome.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr const char* kPayload = "jackfield/outcome";  // "IN_DOUBT deadline"

constexpr std::string_view kOutcomes[] = {"OK", "REFUSED", "FAILED", "IN_DOUBT"};
constexpr std::string_view kReasons[] = {
    "none",     "back-pressure",  "too-large", "permission", "version",
    "deadlock", "resource",       "peer-died", "cancelled",  "unreachable",
    "deadline", "unknown-method", "corrupt",   "misuse",     "closed"};

// Each made once: a status that bears one shares it, and takes no memory for it.
const absl::Cord& WordsOf(Outcome outcome, Reason reason) {
  using Table = std::array<std::array<absl::Cord, std::size(kReasons)>, std::size(kOutcomes)>;
  static const Table* const table = [] {
    auto* words = new Table;  // for as long as the program
    for (size_t o = 0; o < std::size(kOutcomes); ++o) {
      for (size_t r = 0; r < std::size(kReasons); ++r)
        (*words)[o][r] = absl::Cord(Text(kOutcomes[o], " ", kReasons[r]));
    }
    return words;
  }();
  return (*table)[static_cast<size_t>(outcome)][static_cast<size_t>(reason)];
}

struct Words {
  Outcome outcome = Outcome::kOk;
  Reason reason = Reason::kNone;
};

// Those of a status; kOk and kNone where it bears none that are ours.
Words ReadWords(const absl::Status& status) {
  if (status.ok()) return {};
  const auto payload = status.GetPayload(kPayload);
  if (!payload) return {};
  std::string copy;
  const absl::optional<absl::string_view> flat = payload->TryFlat();
  if (!flat) copy = std::string(*payload);
  const std::string_view text = flat ? std::string_view(flat->data(), flat->size()) : copy;
  const size_t space = text.find(' ');
  if (space == text.npos) return {};
  const auto* outcome =
      std::find(std::begin(kOutcomes), std::end(kOutcomes), text.substr(0, space));
  const auto* reason = std::find(std::begin(kReasons), std::end(kReasons), text.substr(space + 1));
  if (outcome == std::end(kOutcomes) || reason == std::end(kReasons)) return {};
  return {static_cast<Outcome>(outcome - kOutcomes), static_cast<Reason>(reason - kReasons)};
}

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
  const auto i = static_cast<size_t>(outcome);
  return i < std::size(kOutcomes) ? kOutcomes[i] : "?";
}

std::string_view Name(Reason reason) {
  const auto i = static_cast<size_t>(reason);
  return i < std::size(kReasons) ? kReasons[i] : "?";
}

absl::Status MakeStatus(Outcome outcome, Reason reason, std::string_view text) {
  return MakeStatus(outcome, reason, static_cast<int>(CodeOf(reason)), text);
}

absl::Status MakeStatus(Outcome outcome, Reason reason, int code, std::string_view text) {
  if (code < 1 || code > 16) code = static_cast<int>(absl::StatusCode::kUnknown);
  absl::Status status(static_cast<absl::StatusCode>(code), std::string(text));
  if (outcome == Outcome::kOk) return status;
  // A peer may name a reason that this version does not know: its outcome counts all the same.
  if (static_cast<size_t>(reason) >= std::size(kReasons)) reason = Reason::kNone;
  status.SetPayload(kPayload, WordsOf(outcome, reason));
  return status;
}

Outcome OutcomeOf(const absl::Status& status) { return ReadWords(status).outcome; }

Reason ReasonOf(const absl::Status& status) { return ReadWords(status).reason; }

absl::Status WithText(const absl::Status& status, std::string_view text) {
  absl::Status result(status.code(), std::string(text));
  status.ForEachPayload([&result](absl::string_view type, const absl::Cord& payload) {
    result.SetPayload(type, payload);
  });
  return result;
}

}  // namespace jackfield
