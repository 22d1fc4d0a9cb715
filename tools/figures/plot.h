// Plots as SVG, to stand in a page (page.h): they need no script, and are read without colour and
// in print, for each curve has a dash, a marker and its name at its end.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_FIGURES_PLOT_H_
#define JACKFIELD_TOOLS_FIGURES_PLOT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/figures/histogram.h"

namespace jackfield::figures {

enum class Scale {
  kLinear,
  kLog,    // values of 0 and below are left out
  kNines,  // a quantile as -log10(1 - q): 1 is p90, 2 is p99, 3 is p99.9
};
enum class Unit { kNs, kSeconds, kPerSecond, kQuantile };

struct Axis {
  std::string title;
  Scale scale = Scale::kLinear;
  Unit unit = Unit::kNs;
};

// From the seventh on dashes and markers come again.
inline constexpr size_t kStyles = 6;

struct Curve {
  std::string label;
  std::vector<std::pair<double, double>> points;  // by x
};

// `title` is for who cannot see it.
std::string LinePlot(std::string_view title, const Axis& x, const Axis& y,
                     std::span<const Curve> curves);

// The quantiles of a histogram as a curve over Scale::kNines, as far as it can tell them.
template <int kHalfBits, class Count>
Curve QuantileCurve(std::string label, const LogHistogram<kHalfBits, Count>& histogram);

// A line for each row with a mark for each value; marks mean the same in all rows.
struct MarkedRow {
  std::string label;
  std::vector<double> values;  // by mark; 0 or below: none
  bool dotted = false;         // of the second kind: what the row above is compared with
};
std::string MarkPlot(std::string_view title, const Axis& x, std::span<const std::string> marks,
                     std::span<const MarkedRow> rows);

// "12.3us", "820k/s", "p99.9"
std::string ValueText(double value, Unit unit);

// Implementation.

Curve QuantileCurveOf(std::string label, uint64_t samples,
                      const std::function<uint64_t(double)>& quantile);

template <int kHalfBits, class Count>
Curve QuantileCurve(std::string label, const LogHistogram<kHalfBits, Count>& histogram) {
  return QuantileCurveOf(std::move(label), histogram.count(),
                         [&](double q) { return histogram.Quantile(q); });
}

}  // namespace jackfield::figures

#endif  // JACKFIELD_TOOLS_FIGURES_PLOT_H_
