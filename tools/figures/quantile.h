// Is a quantile known? That of few samples is the longest of them, whatever it is called.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_FIGURES_QUANTILE_H_
#define JACKFIELD_TOOLS_FIGURES_QUANTILE_H_

#include <cmath>
#include <cstdint>
#include <optional>

#include "tools/figures/histogram.h"

namespace jackfield::figures {

// A quantile is told if at least so many samples lie beyond it.
inline constexpr double kBeyondLeast = 10;

// The quantiles that tables show.
inline constexpr double kShown[] = {0.5, 0.9, 0.99, 0.999};

// Samples that quantile `q` needs: 1,000 for p99.
inline uint64_t SamplesFor(double q) {
  return static_cast<uint64_t>(std::ceil(kBeyondLeast / (1 - q) - 1e-6));
}

// Quantile `q` of `histogram`; nothing where it has too few samples to tell.
template <int kHalfBits, class Count>
std::optional<int64_t> QuantileOf(const LogHistogram<kHalfBits, Count>& histogram, double q) {
  if (histogram.count() < SamplesFor(q)) return std::nullopt;
  return static_cast<int64_t>(histogram.Quantile(q));
}

}  // namespace jackfield::figures

#endif  // JACKFIELD_TOOLS_FIGURES_QUANTILE_H_
