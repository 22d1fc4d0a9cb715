// The loops that every floor shares, so that they differ only in the medium.
#ifndef JACKFIELD_TOOLS_BENCH_FLOOR_LOOPS_H_
#define JACKFIELD_TOOLS_BENCH_FLOOR_LOOPS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "tools/bench/floor_content.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

inline absl::Status WrongEcho() {
  return absl::DataLossError("an answer that is not what was sent");
}
inline absl::Status OtherSideGone() { return absl::UnavailableError("the other side has gone"); }

// round_trip(sequence) sends and waits for the echo; false: it was wrong, or the other side has
// gone.
template <class RoundTrip>
absl::Status LatencyLoop(Context& context, RoundTrip round_trip) {
  Histogram& latency = context.run.latency;
  Window window(context);
  int64_t before_ns = NowNs();
  for (uint64_t sequence = 0; !window.Over(before_ns); ++sequence) {
    if (window.Begins(before_ns)) {
      latency.Clear();
      before_ns = NowNs();
    }
    if (!round_trip(sequence)) return WrongEcho();
    const int64_t now_ns = NowNs();
    latency.Add(static_cast<uint64_t>(now_ns - before_ns));
    before_ns = now_ns;
  }
  window.End(latency.count());
  return absl::OkStatus();
}

// send(sequence) takes one message for the medium, and may keep it back until flush(). False: the
// other side has gone.
template <class Send, class Flush>
absl::Status SendLoop(Context& context, Send send, Flush flush) {
  constexpr uint64_t kBatchBytes = 256 << 10;
  const uint64_t batch = std::clamp<uint64_t>(kBatchBytes / context.options.size_bytes, 1, 256);
  const SideUse used = context.Used(Side::kClient);
  const int64_t began_ns = NowNs();
  const int64_t until_ns = NowNs() + static_cast<int64_t>(context.options.seconds * 1.15e9);
  uint64_t sequence = 0;
  do {
    for (const uint64_t end = sequence + batch; sequence < end; ++sequence) {
      if (!send(sequence)) return OtherSideGone();
    }
  } while (NowNs() < until_ns);
  if (!flush()) return OtherSideGone();
  Run& run = context.run;
  run.use[static_cast<size_t>(Side::kClient)] = context.Used(Side::kClient) - used;
  run.used_ns = NowNs() - began_ns;
  run.use_count = sequence;
  return absl::OkStatus();
}

// Counts what the receiver of a throughput floor gets.
class TakeMeter {
 public:
  explicit TakeMeter(Context& context)
      : context_(context),
        content_(context.options.size_bytes),
        warm_ns_(static_cast<int64_t>(context.options.seconds * 0.15e9)) {}

  // Some messages came, of `bytes` in all, one after the other. False: one is not the next one.
  bool Take(const std::byte* first, size_t bytes) {
    const size_t size = context_.options.size_bytes;
    uint64_t next = next_;
    for (const std::byte* at = first; at < first + bytes; at += size) {
      if (!content_.IsRight(next++, at)) return false;
    }
    TakeChecked(next - next_);
    return true;
  }
  void TakeChecked(uint64_t messages) {
    next_ += messages;
    now_ns_ = NowNs();
    if (warm_until_ns_ == 0) {
      warm_until_ns_ = now_ns_ + warm_ns_;
      used_ = context_.Used(Side::kServer);
    } else if (begin_ns_ == 0 && now_ns_ >= warm_until_ns_) {
      begin_ns_ = now_ns_;
      begin_ = next_;
    }
  }
  // No more will come.
  void End() {
    Run& run = context_.run;
    run.use[static_cast<size_t>(Side::kServer)] = context_.Used(Side::kServer) - used_;
    if (begin_ns_ == 0) return;
    run.count = next_ - begin_;
    run.elapsed_ns = now_ns_ - begin_ns_;
  }

 private:
  Context& context_;
  const Content content_;
  const int64_t warm_ns_;
  int64_t warm_until_ns_ = 0, begin_ns_ = 0, now_ns_ = 0;
  SideUse used_;
  uint64_t next_ = 0, begin_ = 0;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_FLOOR_LOOPS_H_
