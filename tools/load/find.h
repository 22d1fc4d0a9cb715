// --find: the highest rate at which a claim about latency holds.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_LOAD_FIND_H_
#define JACKFIELD_TOOLS_LOAD_FIND_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tools/load/conduct.h"

namespace jackfield::load {

// Of a probe: how its quantile lies to the limit.
enum class Verdict { kHolds, kFails, kUndecided };
// The interval is that of the quantile in kGroups stretches of the run, around that of the whole.
inline constexpr size_t kGroups = 10;
inline constexpr int kTriesMost = 3;  // of a rate that is undecided; then the nearer side counts
Verdict VerdictOf(const Sheet& sheet, const Result& result, const Assertion& claim);

struct Found {
  double holds = 0, fails = 0;  // calls a second; 0: none does
  int probes = 0;
  std::string fault;  // why it is not to be believed; or ""
};
// A line on stderr for each probe, unless quiet. Errors: as Conduct; CANCELLED: interrupted.
absl::StatusOr<Found> FindRate(Conductor& conductor, const Job& job, bool quiet);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_FIND_H_
