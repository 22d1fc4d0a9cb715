// The spans of a Channel's calls.
#include <cstring>
#include <utility>

#include "kernel/call/channel.h"
#include "kernel/call/server_call.h"

namespace jackfield {

size_t Channel::WriteTraceOf(const ServerCall* call, std::span<std::byte> to) const {
  TraceContext trace;
  if (call != nullptr && call->trace() != nullptr) {
    trace = *call->trace();
    trace.parent_id = trace.span_id;
  } else if (node_.tracer()->Begins()) {
    for (size_t at = 0; at < trace.trace_id.size(); at += 8) {
      const uint64_t random = node_.NextRandom();
      std::memcpy(&trace.trace_id[at], &random, 8);
    }
  } else {
    return 0;
  }
  trace.span_id = node_.NextRandom() | 1;  // never 0
  return WriteTrace(trace, to);
}

void Channel::KeepTrace(Slot& slot, std::span<const std::byte> extension) const {
  if (node_.tracer() == nullptr) return;
  const TraceContext trace = TraceIn(extension);
  if (trace.exists())
    slot.trace = std::make_unique<CallTrace>(CallTrace{trace, node_.clock().NowNs(), 0});
}

void Channel::EndTrace(Slot& slot, absl::StatusCode code) const {
  const std::unique_ptr<CallTrace> trace = std::move(slot.trace);
  if (node_.tracer() == nullptr) return;
  node_.tracer()->OnSpan({.trace = trace->context,
                          .side = Span::Side::kCaller,
                          .code = static_cast<uint8_t>(code),
                          .type = slot.type,
                          .peer_epoch = slot.session->peer_epoch(),
                          .begun_ns = trace->begun_ns,
                          .handled_ns = trace->begun_ns,
                          .ended_ns = node_.clock().NowNs()});
}

}  // namespace jackfield
