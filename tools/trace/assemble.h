// Traces, put together from what the services that took part have recorded (services/watch/page.h).
//
// Each end of a call has a record of its own, and some are missing: of who is no service, of a
// process that has ended, of what the ring no longer has. What is there is shown.
//
// Thread: any. Plain values.
#ifndef JACKFIELD_TOOLS_TRACE_ASSEMBLE_H_
#define JACKFIELD_TOOLS_TRACE_ASSEMBLE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/watch/reader.h"

namespace jackfield::trace {

// A record, and whose it is.
struct Recorded {
  std::string service;            // that has recorded it
  std::string peer;               // at the other end; "": not known
  std::string method;             // in words
  int64_t realtime_ahead_ns = 0;  // added to its times: since 1970
  watch::SpanEvent span;
};

// What one end saw of a call; of a caller handled_ns is begun_ns.
struct End {
  int64_t begun_ns = 0, handled_ns = 0, ended_ns = 0;
  uint8_t code = 0;
};

struct Call {
  uint64_t span_id = 0, parent_id = 0;
  std::string caller, service, method;
  std::optional<End> at_caller, at_service;  // at least one of them
  uint32_t depth = 0;                        // 0: nobody in the trace is known to have made it

  int64_t begun_ns() const { return (at_caller ? at_caller : at_service)->begun_ns; }
  int64_t ended_ns() const { return (at_caller ? at_caller : at_service)->ended_ns; }
  int64_t took_ns() const { return ended_ns() - begun_ns(); }
  uint8_t code() const { return (at_caller ? at_caller : at_service)->code; }
};

struct Trace {
  std::array<uint8_t, 16> id = {};
  int64_t realtime_ahead_ns = 0;
  std::vector<Call> calls;  // each behind the one that made it, in the order of their beginning
  std::string Id() const;   // 32 digits
  int64_t begun_ns() const;
  int64_t ended_ns() const;
  int64_t took_ns() const { return ended_ns() - begun_ns(); }
  // Of the first call that is over all others; else of the first.
  const Call& root() const { return calls.front(); }
};

// The one that took longest first.
std::vector<Trace> Assemble(std::span<const Recorded> records);

}  // namespace jackfield::trace

#endif  // JACKFIELD_TOOLS_TRACE_ASSEMBLE_H_
