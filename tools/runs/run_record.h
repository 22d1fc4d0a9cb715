// What a supervisor leaves of its run, for those who come when it has ended: a directory in the
// state directory, with a record of what it was and how it ended (past_runs.h), and room for its
// logs. A supervisor that is killed leaves a record without an end, which says as much.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_RUNS_RUN_RECORD_H_
#define JACKFIELD_TOOLS_RUNS_RUN_RECORD_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/owned_fd.h"
#include "tools/runs/past_runs.h"

namespace jackfield {

class RunRecord {
 public:
  static constexpr size_t kLinesMax = 10;       // of the service that ended the run
  static constexpr size_t kLineBytesMax = 500;  // of each; the rest is left out

  // Makes it, and removes what is too old (RemoveOldRuns). It may fail, and the run goes on: then
  // status() says why, and the others do nothing.
  RunRecord(std::string_view wiring, std::string_view file, std::vector<std::string> services);

  const absl::Status& status() const { return status_; }
  const std::string& directory() const { return directory_; }  // "": there is none

  // services: those that it had last. Errors: what the system says.
  absl::Status End(const RunEnd& end, std::vector<std::string> services);

 private:
  absl::Status Begin();
  absl::Status Write(const RunEnd* end);

  const std::string wiring_;
  std::string file_;
  std::vector<std::string> services_;
  int64_t began_ns_ = 0;
  absl::Status status_;
  std::string directory_;
  OwnedFd record_;  // locked
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_RUN_RECORD_H_
