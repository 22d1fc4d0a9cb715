// Makes sense of the messages of one service, one after the other: which answer belongs to which
// call, who called whom, and how long it took.
//
// Thread: any; one object, one thread.
#ifndef JACKFIELD_TOOLS_WATCH_FOLLOW_H_
#define JACKFIELD_TOOLS_WATCH_FOLLOW_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kernel/base/units.h"
#include "tools/watch/reader.h"

namespace jackfield::watch {

// What an event is, seen in its place.
struct Told {
  bool by_caller = true;  // from the caller to the one that is called, else back
  uint32_t type = 0;      // the method's; 0: not known
  std::string_view what;  // "calls", "answers", "sends", "item", "items end", "cancels", "ends"
  int64_t took_ns = -1;   // of an answer: since its call; -1: that was not seen
};

// "1.2ms"; "<turn" of what began and ended in one turn of the node, which is as fine as it can be
// told.
inline std::string TookText(int64_t took_ns) {
  return took_ns == 0 ? "<turn" : FormatDurationNs(took_ns);
}

class Follower {
 public:
  // Calls that are open at once, as far as is remembered: with more, the oldest are forgotten.
  static constexpr size_t kOpenMax = 64 << 10;

  // In the order in which they happened.
  Told Take(const Event& event);

  // Calls that were begun and not answered, the oldest first.
  struct Open {
    uint64_t peer_epoch = 0;
    bool received = false;  // the service was called; else it calls
    uint32_t type = 0;
    int64_t realtime_ns = 0;
  };
  std::vector<Open> StillOpen() const;

 private:
  // An answer bears the number of its call; both ends number theirs.
  using Key = std::tuple<uint64_t, bool, uint64_t>;  // peer, received, call
  struct Begun {
    uint32_t type;
    int64_t realtime_ns;
    uint64_t number;
  };
  std::map<Key, Begun> open_;
};

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_FOLLOW_H_
