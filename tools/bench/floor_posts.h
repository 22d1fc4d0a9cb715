// Floors over media that carry single messages and have no connection: datagrams and message
// queues. Round trips only.
//
// Nothing tells one side that the other has ended, so the client says so with its last message.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_POSTS_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_POSTS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/floor.h"

namespace jackfield::bench {

bool IsPosts(Medium medium);

// The largest payload that one message of it takes as the system is set up by default.
uint64_t PostBytesMax(Medium medium);

// Errors: RESOURCE_EXHAUSTED (descriptors, queues), and as RunProcesses.
absl::Status MeasurePostsFloor(const Options& options, const Floor& floor, Run& run);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_POSTS_H_
