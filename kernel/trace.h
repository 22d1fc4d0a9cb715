// Which trace a call belongs to. A trace is one piece of work on its way through many services: the
// call that began it, and all that were made on its behalf. Each call of it is a span, which both
// of its ends may keep a record of.
//
// A call that is traced bears its trace in the extension (docs/WIRE.md), so that whoever serves it
// hands it on; the others bear nothing. Who begins traces, and who keeps records, is a node's
// Tracer; without one a node only hands on. One-way messages are in no trace.
//
// Thread: the node's. Ids are those of W3C Trace Context.
#ifndef JACKFIELD_KERNEL_TRACE_H_
#define JACKFIELD_KERNEL_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "kernel/frame.h"

namespace jackfield {

inline constexpr uint16_t kTagTrace = 3;  // trace_id, u64 span_id, u64 parent_id
inline constexpr size_t kTraceBytes = 16 + 8 + 8;
inline constexpr size_t kTraceExtensionBytes = Align8(4 + kTraceBytes);

struct TraceContext {
  std::array<uint8_t, 16> trace_id = {};
  uint64_t span_id = 0;    // of the call; 0: it is in no trace
  uint64_t parent_id = 0;  // of the call on whose behalf it is made; 0: it began the trace
  bool exists() const { return span_id != 0; }
};

// The trace in `extension`; none exists where it has none. Requires: ExtensionIsSound.
TraceContext TraceIn(std::span<const std::byte> extension);
// Writes it as a value of an extension. Returns kTraceExtensionBytes. Requires: so many in `to`.
size_t WriteTrace(const TraceContext& trace, std::span<std::byte> to);

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": W3C traceparent, version 00.
std::string Traceparent(const TraceContext& trace);
// The trace of which a program was told so, as the parent of what it does: span_id is that of the
// caller. None exists where the flag says that it is not recorded. Errors: INVALID_ARGUMENT.
absl::StatusOr<TraceContext> ParseTraceparent(std::string_view text);

// What one end of a call saw of it. Times are those of the node's clock.
struct Span {
  enum class Side : uint8_t { kCaller, kService };
  TraceContext trace;
  Side side = Side::kCaller;
  uint8_t code = 0;         // absl::StatusCode of the answer
  uint32_t type = 0;        // of the request: its method
  uint64_t peer_epoch = 0;  // of the other end's instance
  int64_t begun_ns = 0;     // at a caller: the call was begun; at a service: it came
  int64_t handled_ns = 0;   // at a service: its handler began; else begun_ns
  int64_t ended_ns = 0;     // at a caller: the answer came; at a service: the call was over
};

// Of a node (Node::SetTracer).
class Tracer {
 public:
  // Does it begin traces at all? Then each call that is in none yet asks Begins.
  bool begins() const { return begins_; }
  virtual bool Begins() = 0;
  // A call that is in a trace has ended here. From inside a send or a delivery: it copies what it
  // wants, and neither sends nor ends anything.
  virtual void OnSpan(const Span& span) = 0;

 protected:
  ~Tracer() = default;
  void SetBegins(bool begins) { begins_ = begins; }

 private:
  bool begins_ = false;
};

// What an end of a call that is traced keeps until it is over.
struct CallTrace {
  TraceContext context;
  int64_t begun_ns = 0, handled_ns = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_TRACE_H_
