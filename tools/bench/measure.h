// All rounds at one address.
//
// Thread: one, and no node in this process: it forks.
#ifndef JACKFIELD_TOOLS_BENCH_MEASURE_H_
#define JACKFIELD_TOOLS_BENCH_MEASURE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernel/registry.h"
#include "tools/bench/options.h"
#include "tools/bench/series.h"
#include "transports/resources.h"

namespace jackfield::bench {

struct Measured {
  Row row;
  // Why there is less than was asked for: OK; CANCELLED: a signal asked to stop, and `row` is what
  // there was by then, if anything; else a measurement failed.
  absl::Status status;
  std::vector<std::string> notes;  // what could not be had beside it, a sentence each
};

// Bus and floor in turns: what else the machine does meets both alike. What a killed side leaves
// under a name is removed. Blocks: rounds × seconds, twice that with a floor.
Measured Measure(const Options& options, const Target& target, const Registry& registry,
                 const ResourcesList& resources);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_MEASURE_H_
