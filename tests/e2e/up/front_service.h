// A client under load, for tests of wirings that change while they run.
//
// Thread: the service's own.
#ifndef JACKFIELD_TESTS_E2E_UP_FRONT_SERVICE_H_
#define JACKFIELD_TESTS_E2E_UP_FRONT_SERVICE_H_

#include "services/service.h"

namespace jackfield {

// Calls "tokenize", several at a time, and sends a one-way message to "log" after each, until it is
// stopped; says "goes" on stderr when the first has been answered. Then prints what became of all:
//   begun 812 ok 811 refused 0 failed 0 in_doubt 1
//   sent 812 unsent 0
//   waits_us p50 310 p99 2100 most 12034 over_10ms 1
absl::Status FrontService(Service& service);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_UP_FRONT_SERVICE_H_
