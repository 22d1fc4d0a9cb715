#include "tools/load/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/figures/interval.h"

namespace jackfield::load {
namespace {

constexpr double kQuantiles[] = {0.5, 0.9, 0.99};
constexpr size_t kCount = std::size(kQuantiles);
using Figures = std::array<std::optional<int64_t>, kCount>;

}  // namespace

Ratio RatioOf(std::span<const double> logarithms) {
  const figures::Interval interval = figures::IntervalOf(logarithms);
  return {std::exp(interval.mean), std::exp(interval.mean - interval.half),
          std::exp(interval.mean + interval.half)};
}

absl::StatusOr<Comparison> Compare(Conductor& conductor, const Job& a, const Job& b, bool quiet) {
  const Options& options = conductor.options();
  Comparison comparison;
  std::vector<std::pair<Figures, Figures>> pairs;
  for (uint32_t pair = 0; pair < options.pairs; ++pair) {
    Options terms = options;
    terms.seed = options.seed + pair;  // the same moments for both
    const Arrivals arrivals = terms.ArrivalsOf(*options.profile);
    std::pair<Figures, Figures> figures;
    bool valid = true;
    for (int i = 0; i < 2; ++i) {
      const bool is_a = (i == 0) == (pair % 2 == 0);
      const absl::StatusOr<Conductor::Conducted> run = conductor.Conduct(is_a ? a : b, arrivals);
      if (!run.ok()) return run.status();
      if (conductor.interrupted()) return absl::CancelledError("interrupted");
      if (!run->result.valid() && comparison.fault.empty())
        comparison.fault = run->result.faults[0];
      valid &= run->result.valid();
      Figures& its = is_a ? figures.first : figures.second;
      for (size_t q = 0; q < kCount; ++q)
        its[q] = QuantileOf(run->result.stages[0]->latency, kQuantiles[q]);
    }
    if (valid)
      pairs.push_back(figures);
    else
      ++comparison.left_out;
    if (!quiet && figures.first[0].has_value() && figures.second[0].has_value()) {
      std::fprintf(stderr, "# pair %u: p50 %s, %s%s\n", pair + 1,
                   FormatDurationNs(*figures.first[0]).c_str(),
                   FormatDurationNs(*figures.second[0]).c_str(), valid ? "" : "  (not valid)");
    }
  }
  comparison.pairs = static_cast<uint32_t>(pairs.size());
  for (size_t q = 0; q < kCount; ++q) {
    std::vector<double> logarithms, of_a, of_b;
    for (const auto& [first, second] : pairs) {
      if (!first[q].has_value() || !second[q].has_value()) continue;
      const double x = std::max(1.0, static_cast<double>(*first[q]));
      const double y = std::max(1.0, static_cast<double>(*second[q]));
      logarithms.push_back(std::log(y / x));
      of_a.push_back(x);
      of_b.push_back(y);
    }
    Comparison::Row row{kQuantiles[q], std::nullopt, 0, 0};
    if (!of_a.empty()) {
      row = {kQuantiles[q], std::nullopt, figures::MedianOf(of_a), figures::MedianOf(of_b)};
    }
    if (logarithms.size() >= kPairsLeast) row.ratio = RatioOf(logarithms);
    comparison.rows.push_back(row);
  }
  return comparison;
}

}  // namespace jackfield::load
