// A sweep shared out among several processes: most of its time is waiting, each of the ends for the
// other's turn and a client for a server that is dead.
#ifndef JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_
#define JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_

#include "tests/kill/sweep.h"

namespace jackfield::kill_test {

inline constexpr uint64_t kJobsMax = 90;

// The path is learnt once; then each job takes every jobs-th point. Each serves at an address of
// its own, the options' with a number behind it. Requires: 1 ≤ jobs ≤ kJobsMax.
SweepReport SweepInJobs(const SweepOptions& options, uint64_t jobs);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_
