// A sweep shared out among several processes: most of its time is waiting, each of the ends for the
// other's turn and a client for a server that is dead.
#ifndef JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_
#define JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_

#include "tests/kill/sweep.h"

namespace jackfield::kill_test {

// Each job takes every jobs-th point and serves at an address of its own, the options' with the
// job's number behind it.
SweepReport SweepInJobs(const SweepOptions& options, uint64_t jobs);

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_SWEEP_JOBS_H_
