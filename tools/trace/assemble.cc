#include "tools/trace/assemble.h"

#include <algorithm>
#include <map>
#include <utility>

#include "kernel/trace.h"

namespace jackfield::trace {
namespace {

using Calls = std::map<uint64_t, Call>;  // by span

void Take(const Recorded& record, Call& call) {
  const watch::SpanEvent& span = record.span;
  const bool at_caller = span.side == Span::Side::kCaller;
  (at_caller ? call.at_caller : call.at_service) =
      End{span.begun_ns, span.handled_ns, span.ended_ns, span.code};
  call.span_id = span.span_id;
  call.parent_id = span.parent_id;
  if (call.method.empty() || !at_caller) call.method = record.method;
  // What each says of itself is surer than what the other says of it.
  (at_caller ? call.caller : call.service) = record.service;
  std::string& other = at_caller ? call.service : call.caller;
  if (other.empty()) other = record.peer;
}

// Behind `parent`, and each behind its own: a peer may have written circles, so each is taken once.
void Append(uint64_t parent, uint32_t depth, const std::multimap<uint64_t, uint64_t>& made_by,
            Calls& left, std::vector<Call>& calls) {
  std::vector<Call> here;
  for (auto [at, end] = made_by.equal_range(parent); at != end; ++at) {
    const auto found = left.find(at->second);
    if (found == left.end()) continue;
    here.push_back(std::move(found->second));
    left.erase(found);
  }
  std::stable_sort(here.begin(), here.end(),
                   [](const Call& a, const Call& b) { return a.begun_ns() < b.begun_ns(); });
  for (Call& call : here) {
    const uint64_t span = call.span_id;
    call.depth = depth;
    calls.push_back(std::move(call));
    Append(span, depth + 1, made_by, left, calls);
  }
}

std::vector<Call> InOrder(Calls calls) {
  std::multimap<uint64_t, uint64_t> made_by;  // parent → span; 0: nobody that is known
  for (const auto& [span, call] : calls) {
    const bool known = call.parent_id != span && calls.contains(call.parent_id);
    made_by.emplace(known ? call.parent_id : 0, span);
  }
  std::vector<Call> ordered;
  Append(0, 0, made_by, calls, ordered);
  while (!calls.empty()) {  // they are in circles
    made_by.emplace(0, calls.begin()->first);
    Append(0, 0, made_by, calls, ordered);
  }
  return ordered;
}

}  // namespace

std::string Trace::Id() const { return Traceparent({.trace_id = id}).substr(3, 32); }

int64_t Trace::begun_ns() const {
  return std::min_element(calls.begin(), calls.end(),
                          [](const Call& a, const Call& b) { return a.begun_ns() < b.begun_ns(); })
      ->begun_ns();
}

int64_t Trace::ended_ns() const {
  return std::max_element(calls.begin(), calls.end(),
                          [](const Call& a, const Call& b) { return a.ended_ns() < b.ended_ns(); })
      ->ended_ns();
}

std::vector<Trace> Assemble(std::span<const Recorded> records) {
  struct Found {
    Calls calls;
    int64_t realtime_ahead_ns = 0;
  };
  std::map<std::array<uint8_t, 16>, Found> found;
  for (const Recorded& record : records) {
    Found& trace = found[record.span.trace_id];
    trace.realtime_ahead_ns = record.realtime_ahead_ns;
    Take(record, trace.calls[record.span.span_id]);
  }
  std::vector<Trace> traces;
  for (auto& [id, trace] : found) {
    Trace made;
    made.id = id;
    made.realtime_ahead_ns = trace.realtime_ahead_ns;
    made.calls = InOrder(std::move(trace.calls));
    for (Call& call : made.calls) {
      if (call.caller.empty()) call.caller = "?";
      if (call.service.empty()) call.service = "?";
    }
    traces.push_back(std::move(made));
  }
  std::stable_sort(traces.begin(), traces.end(),
                   [](const Trace& a, const Trace& b) { return a.took_ns() > b.took_ns(); });
  return traces;
}

}  // namespace jackfield::trace
