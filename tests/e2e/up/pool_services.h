// Tiny services for the tests of roles with many servers: boss → worker.1, worker.2, …
//
// Thread: each service's own.
#ifndef JACKFIELD_TESTS_E2E_UP_POOL_SERVICES_H_
#define JACKFIELD_TESTS_E2E_UP_POOL_SERVICES_H_

#include "jackfield/service.h"

namespace jackfield {

// Does what it is told, by saying its name: services/pool/worker.fbs. Says on stderr that it works.
absl::Status WorkerService(Service& service);

// Eight at a time, asks one of the role "worker", again and again until it is stopped, or so often
// as its second argument says; each has the milliseconds of its first. Says on stderr "answered
// 1000" and so on, and of each that was not answered, why. Prints at its end how many each worker
// has answered, a line for each, and "N in doubt, N lost".
absl::Status BossService(Service& service);

}  // namespace jackfield

#endif  // JACKFIELD_TESTS_E2E_UP_POOL_SERVICES_H_
