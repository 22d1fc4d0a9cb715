// Traces as files of others.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_TRACE_EXPORT_H_
#define JACKFIELD_TOOLS_TRACE_EXPORT_H_

#include <span>
#include <string>

#include "tools/trace/assemble.h"

namespace jackfield::trace {

// The JSON of Chrome's trace viewer and of ui.perfetto.dev ("Trace Event Format"): a process a
// service, an async slice for each end of a call, an arrow from the caller's to the service's.
std::string ChromeJsonOf(std::span<const Trace> traces);

// The JSON of OpenTelemetry's protocol (opentelemetry-proto, trace/v1, ExportTraceServiceRequest),
// as a collector takes it at /v1/traces: a resource a service, a CLIENT or SERVER span for each end
// of a call. A service's end has an id of its own, made from the call's, so that it is the child of
// the caller's.
std::string OtlpJsonOf(std::span<const Trace> traces);

// A line of our own for each trace: its id, when, how long, and its calls with both ends.
std::string JsonLineOf(const Trace& trace);

}  // namespace jackfield::trace

#endif  // JACKFIELD_TOOLS_TRACE_EXPORT_H_
