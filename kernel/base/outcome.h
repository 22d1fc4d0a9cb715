// How a send or a call ended: exactly one outcome, with a reason, carried by an absl::Status (as
// the payload "jackfield/outcome", in words: ToString() shows "IN_DOUBT deadline").
//
//   kOk        answered or handled; a status that the handler itself chose is an answer: kOk
//   kRefused   nothing happened: it can be sent again as it is, or must be changed
//   kFailed    known not to have run
//   kInDoubt   it may have run: only the caller knows whether doing it twice is harmless
#ifndef JACKFIELD_KERNEL_BASE_OUTCOME_H_
#define JACKFIELD_KERNEL_BASE_OUTCOME_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace jackfield {

enum class Outcome : uint8_t { kOk = 0, kRefused = 1, kFailed = 2, kInDoubt = 3 };

enum class Reason : uint8_t {
  kNone = 0,
  kBackPressure = 1,    // RESOURCE_EXHAUSTED: a queue, window or table is full
  kTooLarge = 2,        // INVALID_ARGUMENT: over frame_bytes_max
  kPermission = 3,      // PERMISSION_DENIED
  kVersion = 4,         // FAILED_PRECONDITION: the peer speaks another version, both numbers named
  kDeadlock = 5,        // FAILED_PRECONDITION: the call would wait for itself, path named
  kResource = 6,        // RESOURCE_EXHAUSTED: a limit of the system, errno and knob named
  kPeerDied = 7,        // UNAVAILABLE
  kCancelled = 8,       // CANCELLED
  kUnreachable = 9,     // UNAVAILABLE: no connection was made
  kDeadline = 10,       // DEADLINE_EXCEEDED
  kUnknownMethod = 11,  // UNIMPLEMENTED
  kCorrupt = 12,        // DATA_LOSS: bytes that no peer of ours sends
  kMisuse = 13,         // FAILED_PRECONDITION: this program used the library against its rules
  kClosed = 14,         // UNAVAILABLE: this end was closed
};

std::string_view Name(Outcome outcome);
std::string_view Name(Reason reason);

// A status of that outcome and reason, with the reason's own code; `text` says what, where and what
// to do.
absl::Status MakeStatus(Outcome outcome, Reason reason, std::string_view text);

inline absl::Status Refused(Reason reason, std::string_view text) {
  return MakeStatus(Outcome::kRefused, reason, text);
}

// The same with a code from a peer. A code outside absl's becomes UNKNOWN.
absl::Status MakeStatus(Outcome outcome, Reason reason, int code, std::string_view text);

Outcome OutcomeOf(const absl::Status& status);
Reason ReasonOf(const absl::Status& status);

// The same code, outcome and reason in other words. Requires: !status.ok()
absl::Status WithText(const absl::Status& status, std::string_view text);

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_BASE_OUTCOME_H_
