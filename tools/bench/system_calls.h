// Counts the system calls of a measurement, by ptrace, which stops a process at each: a call takes
// many times as long, so such a run is made for the count alone.
//
// Thread: the one that started the children.
#ifndef JACKFIELD_TOOLS_BENCH_SYSTEM_CALLS_H_
#define JACKFIELD_TOOLS_BENCH_SYSTEM_CALLS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/children.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

// As Children::Await, and adds the system calls that any thread of them begins while run.counting
// is set to run.system_calls. Errors as well: PERMISSION_DENIED (they may not be traced here).
absl::Status AwaitAndCount(Children& children, int64_t limit_ns, Run& run);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_SYSTEM_CALLS_H_
