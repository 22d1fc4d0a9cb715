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
#include <functional>
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

using ResourcesList = std::vector<std::unique_ptr<Resources>>;

// What became of all that was listed.
struct Cleaned {
  int removed = 0;  // dead; with Dry::kYes: would be
  int failed = 0;   // dead, and it could not be removed
  int changed = 0;  // dead when it was listed
  int living = 0, unknown = 0;
  int kept = 0;  // data
};

// Removes what dead owners have left behind, and nothing else: of one scheme, or of all. `told`
// hears of each that was removed (OK), or why it was not.
enum class Dry { kNo, kYes };
using ToldOfEach = std::function<void(const Resource&, const absl::Status&)>;
Cleaned RemoveDead(const Resources& resources, Dry dry, const ToldOfEach& told);
Cleaned RemoveDead(const ResourcesList& list, Dry dry, const ToldOfEach& told);

// Removes what processes that were killed left under a name, if no peer of theirs lived to remove
// it: only what those very processes left. They have all ended. A process number comes again, so
// what is older than `run_seconds` is somebody else's, too. Blocks for some milliseconds, and at
// most 0.2 s, while the system still holds what a killed one's io_uring had open.
void RemoveWhatTheyLeft(const ResourcesList& list, const std::set<int>& processes,
                        int64_t run_seconds);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_RESOURCES_H_
