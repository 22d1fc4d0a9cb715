// The example of who uses the semaphore service: it counts in a file that others count in too.
//
//   jackfield up services/semaphore/semaphore.toml -- /tmp/counter 1000
//
// Each worker reads the number in the file, adds one and writes it back, so often, each time under
// the mutex "counter": the file then holds the sum of all, which without the mutex it would not. At
// most two workers do so at once what the semaphore "busy" guards, which has two permits.
//
// Thread: that of its Service, until it is done.
#ifndef JACKFIELD_SERVICES_SEMAPHORE_WORKER_H_
#define JACKFIELD_SERVICES_SEMAPHORE_WORKER_H_

#include "absl/status/status.h"
#include "jackfield/service.h"

namespace jackfield::semaphore {

// Calls "semaphore". Arguments: the file, and how often.
absl::Status RunWorker(Service& service);

}  // namespace jackfield::semaphore

#endif  // JACKFIELD_SERVICES_SEMAPHORE_WORKER_H_
