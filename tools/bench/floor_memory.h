// The floor of memory: two threads, or two processes, and for each direction of each connection a
// ring of slots with one writer and one reader. A message is copied into its slot and read there.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_MEMORY_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_MEMORY_H_

#include "absl/status/status.h"
#include "tools/bench/floor.h"

namespace jackfield::bench {

// Blocks and errors: as MeasureFloor. Waiting::kBlocking: a side with nothing to do rings the other
// and sleeps on an eventfd until that has nothing to do either. medium: kMemory or kSharedMemory.
absl::Status MeasureMemoryFloor(const Options& options, Medium medium, Waiting waiting, Run& run);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_MEMORY_H_
