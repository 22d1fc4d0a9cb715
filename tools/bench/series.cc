#include "tools/bench/series.h"

#include "tools/bench/allocations.h"
#include "tools/figures/interval.h"

namespace jackfield::bench {

void Series::Add(const Options& options, const Run& run) {
  latency_->Merge(run.latency);
  count_ += run.count;
  elapsed_ns_ += run.elapsed_ns;
  for (size_t i = 0; i < 2; ++i) use_[i].Add(run.use[i]);
  use_count_ += run.use_count;
  used_ns_ += run.used_ns;
  one_cpu_ = options.one_cpu;
  figures_.push_back(options.mode == Mode::kLatency ? static_cast<double>(run.latency.Quantile(0.5))
                                                    : run.PerSecond());
}

std::optional<double> Series::allocations() const {
  if (!CanCountAllocations() || use_count_ == 0) return std::nullopt;
  return PerUse(use_[0].allocations + use_[1].allocations);
}

std::optional<double> Series::noise() const { return NoiseOf(use_, used_ns_, one_cpu_); }

std::optional<Ratio> Row::ratio(Mode mode) const {
  if (floor == nullptr) return std::nullopt;
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(bus.figures().size(), floor->figures().size()); ++i) {
    const double ours = bus.figures()[i], medium = floor->figures()[i];
    if (ours <= 0 || medium <= 0) continue;
    ratios.push_back(mode == Mode::kLatency ? ours / medium : medium / ours);
  }
  if (ratios.empty()) return std::nullopt;
  const double cpu = floor->cpu_ns() > 0 ? bus.cpu_ns() / floor->cpu_ns() : 0;
  return Ratio{figures::MedianOf(ratios), *std::min_element(ratios.begin(), ratios.end()),
               *std::max_element(ratios.begin(), ratios.end()), cpu};
}

}  // namespace jackfield::bench
