#include "tools/trace/collect.h"

#include <algorithm>
#include <ctime>

#include "kernel/base/text.h"
#include "tools/watch/pages.h"

namespace jackfield::trace {
namespace {

int64_t RealtimeAheadNs(Node& node) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec - node.clock().NowNs();
}

}  // namespace

absl::Status Collection::AddService(const std::string& service) {
  const absl::StatusOr<OwnedFd> fd = watch::FindPage(service);
  if (!fd.ok()) return fd.status();
  const absl::StatusOr<watch::PageCopy> page = watch::ReadPage(fd->get());
  if (page.ok()) AddPage(*page);
  return page.status();
}

void Collection::AddPage(const watch::PageCopy& page) {
  methods_.insert(page.methods.begin(), page.methods.end());
  for (const watch::SpanEvent& span : page.spans) {
    const auto peer = page.peers.find(span.peer_epoch);
    records_.push_back({.service = page.name,
                        .peer = peer == page.peers.end() ? std::string() : peer->second,
                        .method = {},
                        .realtime_ahead_ns = page.realtime_ahead_ns,
                        .span = span});
  }
}

absl::Status Collection::AddWiring(SupervisorClient& client) {
  const absl::StatusOr<MessageOf<init::Wiring>> wiring = client.Look();
  if (!wiring.ok()) return wiring.status();
  for (const watch::PageCopy& page : watch::Pages().Read(**wiring, client.wiring().pid))
    AddPage(page);
  return absl::OkStatus();
}

void Collection::AddOwn(const OwnTrace& own, const std::string& peer, const std::string& method) {
  for (const Span& span : own.spans()) {
    records_.push_back({.service = own.node().name(),
                        .peer = peer,
                        .method = method,
                        .realtime_ahead_ns = RealtimeAheadNs(own.node()),
                        .span = {.trace_id = span.trace.trace_id,
                                 .span_id = span.trace.span_id,
                                 .parent_id = span.trace.parent_id,
                                 .side = span.side,
                                 .code = span.code,
                                 .type = span.type,
                                 .peer_epoch = span.peer_epoch,
                                 .begun_ns = span.begun_ns,
                                 .handled_ns = span.handled_ns,
                                 .ended_ns = span.ended_ns}});
  }
}

std::vector<Trace> Collection::Traces() const {
  std::vector<Recorded> named = records_;
  for (Recorded& record : named) {
    if (!record.method.empty()) continue;
    const auto method = methods_.find(record.span.type);
    record.method = method == methods_.end() ? Text("type ", record.span.type) : method->second;
  }
  return Assemble(named);
}

bool IsWhole(const Trace& trace) {
  return std::all_of(trace.calls.begin(), trace.calls.end(), [](const Call& call) {
    return call.at_service.has_value() && (call.at_caller.has_value() || call.parent_id == 0) &&
           (call.depth > 0 || call.parent_id == 0);
  });
}

}  // namespace jackfield::trace
