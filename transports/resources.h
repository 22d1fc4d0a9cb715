// What the bus holds in the system under a name: FIFOs, sockets at paths, queues, log files. Each
// transport that leaves such things knows them itself; the tools (`jackfield ls --resources`,
// `jackfield clean`) know no scheme, only this list.
//
// A transport with resources has a class of these in its folder and a line in builtin.cc.
//
// Thread: any; an implementation holds nothing.
#ifndef JACKFIELD_TRANSPORTS_RESOURCES_H_
#define JACKFIELD_TRANSPORTS_RESOURCES_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace jackfield {

struct Resource {
  enum class Owner {
    kLives,
    kDead,
    kUnknown,  // it cannot be told: such a one is never removed
  };
  std::string what;   // "FIFO", "log file"
  std::string place;  // as the system knows it: a path, the name of a queue
  Owner owner = Owner::kUnknown;
  int pid = 0;               // of the owner, or of who was it; 0: not known
  int64_t age_seconds = -1;  // since it was made; -1: not known
  bool keeps = false;        // it is meant to outlive its owner (a log): never removed
};

class Resources {
 public:
  virtual ~Resources() = default;
  virtual std::string_view scheme() const = 0;
  // Everything of this scheme that this user's programs hold or have left behind. Best effort: what
  // cannot be looked at is not listed.
  virtual std::vector<Resource> List() const = 0;
  // Removes one that List has named, after it has made sure again, in a way that cannot race with a
  // new owner, that its owner is dead.
  // Errors: FAILED_PRECONDITION (the owner lives, or it is another thing by now).
  virtual absl::Status Remove(const Resource& resource) const = 0;
};

struct Reclaimed {
  int removed = 0;
  int unknown = 0;  // left, since their owners cannot be seen from here
};
// Removes everything in it whose owner is dead and that is not to be kept: what `jackfield clean`
// does for one scheme.
Reclaimed RemoveDead(const Resources& resources);

using ResourcesList = std::vector<std::unique_ptr<Resources>>;

// Removes what processes that were killed left under a name, if no peer of theirs lived to remove
// it: only what those very processes left. They have all ended. A process number comes again, so
// what is older than `run_seconds` is somebody else's, too. Blocks for some milliseconds, and at
// most 0.2 s, while the system still holds what a killed one's io_uring had open.
void RemoveWhatTheyLeft(const ResourcesList& list, const std::set<int>& processes,
                        int64_t run_seconds);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_RESOURCES_H_
