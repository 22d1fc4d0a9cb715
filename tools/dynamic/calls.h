// A call by a schema that was found at run time: messages as bytes go out, what comes is JSON.
//
//   CallEnd end = CallMethod(remote, found, {bytes}, options, [](std::string_view json) { … });
//
// Thread: the main one. Blocks until the call has ended, in whichever way.
#ifndef JACKFIELD_TOOLS_DYNAMIC_CALLS_H_
#define JACKFIELD_TOOLS_DYNAMIC_CALLS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "tools/dynamic/remote.h"

namespace jackfield::dynamic {

struct DynamicOptions {
  // 0: the method's own deadline; without one 5 s, and of a stream none.
  nanoseconds timeout = 0s;
  message::Layout layout = message::Layout::kLine;
};

struct CallEnd {
  absl::Status status;    // the handler's, or how the call ended otherwise
  uint64_t messages = 0;  // that came: the answer, or items
  int64_t took_ns = 0;
  bool is_utf8 = true;  // all text in them
};

// Takes one message that came; an error ends the call.
using TakeJson = std::function<absl::Status(std::string_view json)>;

// A call that is no stream has one request; so has a stream whose items come from the server alone.
// A one-way message has been handled when this returns OK; else it is IN_DOUBT, or was not sent.
CallEnd CallMethod(Remote& remote, const Remote::Found& found,
                   std::span<const std::string> messages, const DynamicOptions& options,
                   const TakeJson& take);

bool TakesItems(const Method& method);  // any number of messages go
bool GivesItems(const Method& method);  // any number come

}  // namespace jackfield::dynamic

#endif  // JACKFIELD_TOOLS_DYNAMIC_CALLS_H_
