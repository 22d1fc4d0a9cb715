// What became of a change of the wiring, line by line, for everybody who wants to know: the command
// that asked for it, and stderr.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_CHANGE_REPORT_H_
#define JACKFIELD_TOOLS_SUPERVISOR_CHANGE_REPORT_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "tools/supervisor/stir.h"

namespace jackfield {

struct ChangeLine {
  enum class Kind : uint8_t {
    kDone,
    kNot,   // it was to be changed, and stands as before
    kNote,  // for people
  };
  Kind kind = Kind::kDone;
  std::string about;  // "kv", "orders → kv"; "": the wiring
  std::string text;   // "moved from unix: to shm:"
  std::string ToString() const { return about.empty() ? text : Text(about, ": ", text); }
};

class ChangeReport {
 public:
  // told: each line, at once. Whoever reads later waits at stir().
  ChangeReport(Loop& loop, std::function<void(const ChangeLine&)> told)
      : told_(std::move(told)), stir_(loop) {}

  void Add(ChangeLine line) {
    told_(line);
    lines_.push_back(std::move(line));
    stir_.Wake();
  }
  // No line comes any more. `why`: it was not begun.
  void End(absl::Status why) {
    why_ = std::move(why);
    over_ = true;
    stir_.Wake();
  }

  const std::vector<ChangeLine>& lines() const { return lines_; }
  size_t Count(ChangeLine::Kind kind) const {
    size_t count = 0;
    for (const ChangeLine& line : lines_) count += line.kind == kind ? 1 : 0;
    return count;
  }
  bool over() const { return over_; }
  const absl::Status& why() const { return why_; }
  Stir& stir() { return stir_; }

 private:
  const std::function<void(const ChangeLine&)> told_;
  std::vector<ChangeLine> lines_;
  bool over_ = false;
  absl::Status why_;
  Stir stir_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_CHANGE_REPORT_H_
