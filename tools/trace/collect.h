// The records of a trace from where they are: the pages of services, and this program's own calls.
//
// Thread: the main one. It blocks where a wiring is asked.
#ifndef JACKFIELD_TOOLS_TRACE_COLLECT_H_
#define JACKFIELD_TOOLS_TRACE_COLLECT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/node.h"
#include "kernel/trace.h"
#include "tools/running/supervisor_client.h"
#include "tools/trace/assemble.h"

namespace jackfield::trace {

// A tracer for a node that makes one call, which begins a trace. From when it is made until it is
// destroyed it is the node's.
class OwnTrace final : public Tracer {
 public:
  explicit OwnTrace(Node& node) : node_(node) {
    node_.SetTracer(this);
    SetBegins(true);
  }
  ~OwnTrace() { node_.SetTracer(nullptr); }
  const std::vector<Span>& spans() const { return spans_; }
  Node& node() const { return node_; }

 private:
  bool Begins() override { return true; }
  void OnSpan(const Span& span) override { spans_.push_back(span); }
  Node& node_;
  std::vector<Span> spans_;
};

class Collection {
 public:
  // Of all services of a wiring that run. What cannot be read is left out. Errors: those of Look.
  absl::Status AddWiring(SupervisorClient& client);
  // Of one service, wherever it runs. Errors: as FindPage, ReadPage.
  absl::Status AddService(const std::string& service);
  // `peer`, `method`: who was called, and what.
  void AddOwn(const OwnTrace& own, const std::string& peer, const std::string& method);

  // All of it, with methods and peers in words as far as any page says.
  std::vector<Trace> Traces() const;

 private:
  void AddPage(const watch::PageCopy& page);
  std::vector<Recorded> records_;
  std::map<uint32_t, std::string> methods_;
};

// Does everybody who took part in `trace` say so, as far as services do? Not while it is under way.
bool IsWhole(const Trace& trace);

}  // namespace jackfield::trace

#endif  // JACKFIELD_TOOLS_TRACE_COLLECT_H_
