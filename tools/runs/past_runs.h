// The runs of wirings that this user's state directory knows of: each has a directory of its own,
// with a record of what it was and how it ended, and with its logs. The one that is up is among
// them; its supervisor holds a lock on the record, which goes with it however it ends.
//
//   STATE/runs/shop@20261130T192031.481207Z-4711/record     a table jackfield.init.Run
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNS_PAST_RUNS_H_
#define JACKFIELD_TOOLS_RUNS_PAST_RUNS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace jackfield {

// How many are kept, of one wiring (the one that is up and the last one) and of all.
inline constexpr size_t kRunsOfWiringMax = 2;
inline constexpr size_t kRunsMax = 64;

struct RunEnd {
  int exit_status = 0;                  // of `jackfield up`
  std::string how = {};                 // "kv (pid 4711) was killed by SIGKILL; all is stopped"
  std::string service = {};             // whose end drew the others along; "": none
  std::vector<std::string> lines = {};  // the last that it wrote on stderr
};

struct PastRun {
  std::string wiring;                  // as RunningWiring::name
  int pid = 0;                         // of its supervisor
  std::string directory;               // a whole path
  bool is_up = false;                  // its supervisor lives, and has not said how it ended
  bool recorded = false;               // else nothing is known but the above, and its logs
  std::string file;                    // a whole path, or ""
  int64_t began_ns = 0, ended_ns = 0;  // since 1970, UTC
  std::vector<std::string> services;
  std::optional<RunEnd> end;  // nothing, and it is not up: its supervisor was killed
};

// Its record; in the directory of the run.
inline constexpr std::string_view kRecordName = "record";

std::string RunsDirectory();
// "shop@20261130T192031.481207Z-4711"
std::string RunName(std::string_view wiring, int64_t began_ns, int pid);

// The last first. wiring: "": of all. What cannot be read is left out.
std::vector<PastRun> PastRuns(std::string_view wiring);

// Removes the oldest of those that have ended, until as many are left as are kept when there is
// one more of `wiring`.
void RemoveOldRuns(std::string_view wiring);

enum class RunPart { kRecord, kAll };
// Removes the records of all that have ended, or their directories, logs and all. told: of each.
// dry: only tells.
void RemoveEndedRuns(RunPart part, bool dry,
                     const std::function<void(const PastRun&, const absl::Status&)>& told);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_PAST_RUNS_H_
