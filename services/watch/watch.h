// The page and the tap of a service (page.h): its node's frame log, and its tracer's records, kept
// where tools can read them.
// What every service does: RunService makes one.
//
// Thread: the node's. Destroyed before the node.
#ifndef JACKFIELD_SERVICES_WATCH_WATCH_H_
#define JACKFIELD_SERVICES_WATCH_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/base/owned_fd.h"
#include "kernel/frame_log.h"
#include "kernel/loop/timers.h"
#include "kernel/node.h"
#include "kernel/trace.h"
#include "services/watch/page.h"

namespace jackfield {

class Watch final : public FrameLog, public Tracer {
 public:
  // Somebody who taps, or wants traces, asks again within this time; else it ends.
  static constexpr int64_t kTapNs = 3'000'000'000;
  static constexpr int64_t kTraceNs = kTapNs;

  // From then on the node's sessions note what they send and receive. Errors: UNAVAILABLE,
  // RESOURCE_EXHAUSTED (no memory or descriptor for the page), FAILED_PRECONDITION (the node has a
  // frame log already).
  static absl::StatusOr<std::unique_ptr<Watch>> Begin(Node& node, std::string_view name);
  ~Watch();

  // The tap's descriptor, which is this object's. For kTapNs from now on each message is copied
  // into it. Costs 4 MiB of memory while it is used. Errors: as Begin.
  absl::StatusOr<int> Tap();

  // For kTraceNs from now on, one of so many calls that the node makes and that are in no trace
  // begins one. What is in a trace is recorded in any case. 0 counts as 1.
  void Trace(uint32_t one_in);

 private:
  template <class T>
  class Shared;  // a T in a memfd

  explicit Watch(Node& node, std::unique_ptr<Shared<watch::Page>> page);
  void OnOpen(const Session& session) override;
  void OnEnd(const Session& session, const absl::Status& why) override;
  void OnMessage(const Session& session, FrameWay way, const FrameHeader& header,
                 std::span<const std::byte> payload) override;
  bool Begins() override;
  void OnSpan(const Span& span) override;
  void NoteMethods();
  void EndTap();

  Node& node_;
  const std::unique_ptr<Shared<watch::Page>> page_;
  std::unique_ptr<Shared<watch::Tap>> tap_;
  uint64_t tapped_ = 0;  // messages
  Timer tap_timer_, trace_timer_;
  uint32_t trace_one_in_ = 1;
  uint64_t spans_ = 0;  // recorded
  size_t next_peer_ = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_SERVICES_WATCH_WATCH_H_
