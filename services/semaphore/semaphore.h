// The semaphore service: named counting semaphores and mutexes between processes, over any medium.
//
// A hold is a stream (semaphore.fbs): it lives as long as its client wants it, and no longer than
// its session or its deadline. So there is no way to hold without being known, and nothing to clean
// up after a death: what the dead one held is free as soon as the medium tells of its end, and its
// successor is told that it died (Held.abandoned).
//
// Thread: the node's. Outlives the port it is registered on.
#ifndef JACKFIELD_SERVICES_SEMAPHORE_SEMAPHORE_H_
#define JACKFIELD_SERVICES_SEMAPHORE_SEMAPHORE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "jackfield/port.h"
#include "jackfield/service.h"
#include "services/semaphore/permits.h"
#include "services/semaphore/semaphore_service.h"

namespace jackfield::semaphore {

class SemaphoreServer final : public SemaphoresService {
 public:
  // For Permits.
  explicit SemaphoreServer(uint64_t fence_first) : permits_(fence_first) {}
  // With the wall clock in microseconds: no hold of a service that was restarted has a smaller
  // fence, unless it gave more than a million a second or the clock was set back.
  SemaphoreServer();

  // Every hold is a call under way, and List must still find room.
  static PortOptions OptionsForPort();

  // Errors: those of Claim::Enter; RESOURCE_EXHAUSTED (wait_ms is 0 and they are not free),
  // DEADLINE_EXCEEDED (not free in time): both name who holds.
  Handling Hold(BothStreamsOf<Wish, Held> call) override;
  Handling List(ServerStreamOf<ListRequest, Semaphore> call) override;

  const Permits& permits() const { return permits_; }

 private:
  Permits permits_;
};

// Serves it until it is asked to stop: the service "semaphore" of a wiring.
absl::Status RunSemaphore(Service& service);

}  // namespace jackfield::semaphore

#endif  // JACKFIELD_SERVICES_SEMAPHORE_SEMAPHORE_H_
