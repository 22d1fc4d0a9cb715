// The calls among the last messages of a service, as its page keeps them (services/watch).
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_WATCH_RECENT_CALLS_H_
#define JACKFIELD_TOOLS_WATCH_RECENT_CALLS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/watch/reader.h"

namespace jackfield::watch {

struct RecentCall {
  std::string client, server;  // one of them is the page's service
  bool made = false;           // by it; else it was called
  std::string method;          // "shop.Stock/Reserve", or "type 7"
  int64_t begun_ns = 0;        // since 1970
  bool answered = false;
  int64_t took_ns = 0;  // if answered; as fine as the node's turns
  uint8_t code = 0;     // if answered: absl::StatusCode
};

// In the order in which they were answered, then those that are open, the oldest first. Of calls
// whose beginning is not among the messages any more nothing is known. Left out are those of the
// bus's own tools. methods: by type, of all services.
std::vector<RecentCall> RecentCalls(const PageCopy& page,
                                    const std::map<uint32_t, std::string>& methods);

// What the services call their methods.
std::map<uint32_t, std::string> MethodsOf(const std::vector<PageCopy>& pages);

}  // namespace jackfield::watch

#endif  // JACKFIELD_TOOLS_WATCH_RECENT_CALLS_H_
