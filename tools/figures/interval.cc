#include "tools/figures/interval.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace jackfield::figures {
namespace {

// The 97.5 % quantile of Student's t; beyond the table the first terms of its expansion.
double StudentOf(size_t degrees) {
  constexpr double kTable[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262,
                               2.228,  2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101,
                               2.093,  2.086, 2.080, 2.074, 2.069, 2.064, 2.060};
  if (degrees >= 1 && degrees <= std::size(kTable)) return kTable[degrees - 1];
  return 1.95996 + 2.37227 / static_cast<double>(degrees);
}

}  // namespace

Interval IntervalOf(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, StudentOf(values.size() - 1) * std::sqrt(squares / (n - 1) / n)};
}

double MedianOf(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace jackfield::figures
