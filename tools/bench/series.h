// What was measured, added up: all rounds of the bus or of its floor at one address, and what the
// two say of each other.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_BENCH_SERIES_H_
#define JACKFIELD_TOOLS_BENCH_SERIES_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/bench/options.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

class Series {
 public:
  explicit Series(std::string name)
      : name(std::move(name)), latency_(std::make_unique<Histogram>()) {}

  void Add(const Options& options, const Run& run);

  // By which two series are compared: the p50 of each round in mode latency, else its rate.
  const std::vector<double>& figures() const { return figures_; }
  const Histogram& latency() const { return *latency_; }
  uint64_t count() const { return count_; }
  double per_second() const {
    return elapsed_ns_ == 0 ? 0
                            : static_cast<double>(count_) * 1e9 / static_cast<double>(elapsed_ns_);
  }
  double gb_per_second(uint64_t size_bytes) const {
    return per_second() * static_cast<double>(size_bytes) / 1e9;
  }
  // Of one call or message.
  double cpu_ns(Side side) const { return PerUse(use_[static_cast<size_t>(side)].cpu_ns); }
  double cpu_ns() const { return cpu_ns(Side::kClient) + cpu_ns(Side::kServer); }
  // By operator new, of both sides; nothing: not counted.
  std::optional<double> allocations() const;
  // The share of the time in which others had a side's CPU (use.h); nothing: the system does not
  // tell.
  std::optional<double> noise() const;
  bool noisy() const { return noise().value_or(0) > kNoiseShareMost; }

  const std::string name;

 private:
  template <class Number>
  double PerUse(Number number) const {
    return static_cast<double>(number) / std::max(1.0, static_cast<double>(use_count_));
  }
  std::unique_ptr<Histogram> latency_;
  std::vector<double> figures_;
  uint64_t count_ = 0;
  int64_t elapsed_ns_ = 0;
  SideUse use_[2];  // by Side
  uint64_t use_count_ = 0;
  int64_t used_ns_ = 0;
  bool one_cpu_ = false;
};

// What the bus costs beside its medium, round by round; 1.0 is the medium, more is slower.
struct Ratio {
  double median = 0, least = 0, most = 0;
  double cpu = 0;  // CPU time of a call or message, both sides together: it hardly minds what else
                   // the machine does
};

// The result at one address.
struct Row {
  explicit Row(std::string name) : bus(std::move(name)) {}

  Series bus;
  std::unique_ptr<Series> floor;       // nullptr: none was measured
  std::string_view floor_kind;         // "spinning" or "blocking"
  std::optional<double> system_calls;  // of a call with ?spin=0, both sides together
  std::string lacks;                   // why nothing was measured; "": it was
  bool interrupted = false;            // this is what there was by then

  // Nothing: there is no floor, or no round of both.
  std::optional<Ratio> ratio(Mode mode) const;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_SERIES_H_
