// Finds out that a service is ready, where that is not for the service to tell (ReadyRule).
//
// It looks often at first, then less often, and not any more once it was found.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_READINESS_H_
#define JACKFIELD_TOOLS_SUPERVISOR_READINESS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "kernel/node.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class Readiness {
 public:
  static constexpr int64_t kPauseLeastNs = 20'000'000, kPauseMostNs = 1'000'000'000;

  virtual ~Readiness() = default;
  // What the service finds in its environment beside the rest.
  virtual Variables environment() const { return {}; }
  // Its process has been started.
  virtual void Begin() = 0;
  // To be read after "is ready when ": "./is-up exits with 0; it exited with 1".
  virtual std::string awaits() const = 0;
  virtual int pid() const { return 0; }  // of a process of ours that runs for it; 0: none
};

// found: called once, from the node's loop; the Readiness outlives that call. null: the service
// says so itself. Errors: RESOURCE_EXHAUSTED (descriptors).
absl::StatusOr<std::unique_ptr<Readiness>> MakeReadiness(Node& node, const PlannedService& service,
                                                         std::function<void()> found);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_READINESS_H_
