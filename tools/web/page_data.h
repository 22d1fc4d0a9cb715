// A moment of a running wiring as the page in the browser reads it: JSON.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_WEB_PAGE_DATA_H_
#define JACKFIELD_TOOLS_WEB_PAGE_DATA_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tools/web/watching.h"

namespace jackfield::web {

// {"wiring":"shop","trouble":null,"up_ns":…,"file":…,"well":6,"services":[{"name":…,"state":…,
// "note":…,"well":true,…}],"channels":[{"client":…,…}]}; with a trouble there is nothing behind it.
std::string DataJson(const Moment& moment);

// The calls of one service, the oldest first: the newest kCallsMax that were answered, then those
// that are open. {"service":…,"calls":[{"client":…,"server":…,"method":…,"begun_us":…,
// "took_ns":…,"status":"OK"}]}; took_ns and status of an open one are null. begun_us: since 1970.
// Nothing: there is no such service.
inline constexpr size_t kCallsMax = 100;
std::optional<std::string> CallsJson(const Moment& moment, std::string_view service);

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_PAGE_DATA_H_
