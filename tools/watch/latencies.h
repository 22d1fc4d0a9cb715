// How long calls took lately, by the pages of those that made them (services/watch): of each
// service that runs, the answers among its last 1,024 messages that came since the look before. A
// service that sends more than that between two looks is sampled.
//
// A time is that from the turn of the client's node in which a call was sent to the turn in which
// its answer came.
//
// Thread: its owner's.
#ifndef JACKFIELD_TOOLS_WATCH_LATENCIES_H_
#define JACKFIELD_TOOLS_WATCH_LATENCIES_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "services/init/init_service.h"
#include "tools/watch/follow.h"
#include "tools/watch/pages.h"

namespace jackfield::watch {

struct Quantiles {
  size_t calls = 0;  // of which these are
  int64_t p50_ns = 0, p99_ns = 0;
};
using ByChannel = std::map<std::pair<std::string, std::string>, Quantiles>;  // client and server

class Latencies {
 public:
  // Of what has happened since the last question; at first, of all that is kept.
  ByChannel Take(const std::vector<PageCopy>& pages);
  ByChannel Look(const init::Wiring& wiring, int supervisor) {
    return Take(pages_.Read(wiring, supervisor));
  }

 private:
  struct Followed {
    int pid = 0;
    Follower follower;
    uint64_t seen = 0;  // the number of the last event
  };
  static void Follow(Followed& followed, const PageCopy& page, ByChannel& into);
  Pages pages_;
  std::map<std::string, Followed> followed_;  // by service
};

// Nearest rank. Requires: sorted, not empty.
int64_t QuantileOf(const std::vector<int64_t>& sorted, size_t hundredths);

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_LATENCIES_H_
