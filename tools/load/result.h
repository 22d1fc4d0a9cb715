// What a run found: its sheet, judged. A run that cannot be believed says so, and why.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_LOAD_RESULT_H_
#define JACKFIELD_TOOLS_LOAD_RESULT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/figures/quantile.h"
#include "tools/load/sheet.h"
#include "tools/load/steady.h"

namespace jackfield::load {

inline constexpr double kLagShareMost = 0.1;       // of p50: p99 of the generator's lag
inline constexpr double kIssuedShareLeast = 0.99;  // of what was asked for

using figures::QuantileOf;
using figures::SamplesFor;

// One stage, without its warm-up.
struct StageResult {
  Stage stage;
  int64_t begin_ns = 0;  // of the stage, from the start of the run
  bool judged = false;   // its rate is constant, so that it can be steady
  Steadiness steadiness;
  uint64_t due = 0, ended = 0, errors = 0;  // of the whole stage
  double due_per_second = 0;    // as the schedule has it; of a Poisson process by chance
  double ended_per_second = 0;  // after the warm-up
  Histogram latency, sent, lag, queue;
  std::vector<BatchFigures> batches;  // all of them

  bool told() const {  // are its quantiles those of a service that keeps up?
    return steadiness.kind != Steadiness::Kind::kOverloaded &&
           steadiness.kind != Steadiness::Kind::kUnsettled;
  }
};

struct Judgement {
  bool judges_steadiness = true;  // not where only given moments say when calls are due
  std::optional<double> lag_share_most = kLagShareMost;  // nothing: any lag, and any rate, will do
  uint64_t asked = 0;  // calls of the whole schedule, all of which should have been due
  bool interrupted = false;
};

struct Result {
  Counts counts;
  std::vector<std::unique_ptr<StageResult>> stages;
  double asked_per_second = 0, issued_per_second = 0;
  std::vector<std::string> faults;  // why it is not to be believed, a sentence each
  bool interrupted = false;
  bool valid() const { return faults.empty() && !interrupted; }
};

Result JudgeRun(const Sheet& sheet, const Judgement& judgement);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_RESULT_H_
