// What to say to who looks for a wiring that is not up: how it ended, and what helps.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNS_LAST_RUN_H_
#define JACKFIELD_TOOLS_RUNS_LAST_RUN_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/runs/past_runs.h"

namespace jackfield {

// Is it of the wiring that is meant by NAME or NAME@PID?
bool IsOf(const PastRun& run, std::string_view wanted);

// The last run that has ended of the wiring that is meant by NAME or NAME@PID; of "": the last that
// failed, of any.
std::optional<PastRun> LastRun(std::string_view wanted);
// The same out of `runs`, the last first.
std::optional<PastRun> LastRunIn(const std::vector<PastRun>& runs, std::string_view wanted);
// The last that failed, if it had a service of that name.
std::optional<PastRun> LastRunWith(std::string_view service);

// The run that has ended which --run means: "last" is the one that began last of the wiring that is
// meant by NAME or NAME@PID ("": of any); else it is the name of its directory, such as
// "shop@20261130T192031.481207Z-4711". Errors, in words for the user: NOT_FOUND; INVALID_ARGUMENT
// (it is neither).
absl::StatusOr<PastRun> EndedRun(std::string_view wiring, std::string_view run);

// "shop is not up: it ended 2.1s ago, after 5s, with exit status 1", and lines that say who did it,
// how, and what helps. What a service wrote is made harmless for a terminal. now_ns: since 1970.
std::string HowItEnded(const PastRun& run, int64_t now_ns);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_LAST_RUN_H_
