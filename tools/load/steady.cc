#include "tools/load/steady.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tools/figures/interval.h"

namespace jackfield::load {
namespace {

constexpr double kZ = 2.576;  // 1 %, of both sides

struct Thirds {
  double first, last;
};
Thirds ThirdsOf(std::span<const double> values) {
  const size_t third = std::max<size_t>(1, values.size() / 3);
  return {figures::MedianOf({values.begin(), values.begin() + static_cast<ptrdiff_t>(third)}),
          figures::MedianOf({values.end() - static_cast<ptrdiff_t>(third), values.end()})};
}

template <class Get>
std::vector<double> ValuesOf(std::span<const BatchFigures> batches, Get get) {
  std::vector<double> values;
  for (const BatchFigures& batch : batches) values.push_back(static_cast<double>(get(batch)));
  return values;
}

// Do more and more calls wait for their end, and in the second half still?
bool PilesUp(std::span<const BatchFigures> batches) {
  int64_t backlog = 0, at_half = 0;
  uint64_t due = 0;
  std::vector<double> backlogs;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (i == batches.size() / 2) at_half = backlog;
    if (i >= batches.size() / 2) due += batches[i].due;
    backlog += static_cast<int64_t>(batches[i].due) - static_cast<int64_t>(batches[i].ended_in_it);
    backlogs.push_back(static_cast<double>(std::max<int64_t>(0, backlog)));
  }
  return TrendOf(backlogs, kTrendP50) > 0 &&
         static_cast<double>(backlog - at_half) > kBacklogShare * static_cast<double>(due);
}

}  // namespace

int TrendOf(std::span<const double> values, double factor) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = i + 1; k < values.size(); ++k)
      sum += values[k] > values[i] ? 1 : values[k] < values[i] ? -1 : 0;
  }
  const double deviation = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const double beyond_chance = std::max(0.0, std::abs(sum) - 1);
  if (beyond_chance < kZ * deviation) return 0;
  const Thirds thirds = ThirdsOf(values);
  const double less = std::min(thirds.first, thirds.last);
  const double more = std::max(thirds.first, thirds.last);
  if (more < less * factor) return 0;
  return sum > 0 ? 1 : -1;
}

Steadiness JudgeSteadiness(std::span<const BatchFigures> batches) {
  Steadiness found;
  for (const BatchFigures& batch : batches) {
    if (batch.due < kBatchCallsLeast) return found;
  }
  const std::vector<double> p50 = ValuesOf(batches, [](const BatchFigures& b) { return b.p50_ns; });
  const std::vector<double> p99 = ValuesOf(batches, [](const BatchFigures& b) { return b.p99_ns; });
  const std::vector<double> rate =
      ValuesOf(batches, [](const BatchFigures& b) { return b.ended_in_it; });
  const size_t most = batches.size() / 2;
  size_t begin = 0;
  const auto from = [&](const std::vector<double>& values) {
    return std::span<const double>(values).subspan(begin);
  };
  while (begin <= most &&
         (TrendOf(from(p50), kTrendP50) != 0 || TrendOf(from(rate), kTrendRate) != 0)) {
    ++begin;
  }
  const bool overloaded = PilesUp(batches);
  const bool settles = begin <= most && TrendOf(from(p99), kTrendP99) == 0;
  if (!settles || overloaded) begin = 0;
  const Thirds thirds = ThirdsOf(from(p50));
  found.from_ns = static_cast<int64_t>(thirds.first);
  found.to_ns = static_cast<int64_t>(thirds.last);
  if (overloaded)
    found.kind = Steadiness::Kind::kOverloaded;
  else if (!settles)
    found.kind = Steadiness::Kind::kUnsettled;
  else
    found.kind = Steadiness::Kind::kSteady;
  if (found.kind == Steadiness::Kind::kSteady) found.warmup_batches = begin;
  return found;
}

}  // namespace jackfield::load
