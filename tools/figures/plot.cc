#include "tools/figures/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/figures/page.h"
#include "tools/figures/quantile.h"

namespace jackfield::figures {
namespace {

constexpr double kWidth = 760, kHeight = 320;
constexpr double kLeft = 70, kTop = 14, kBottom = 44;
constexpr double kLabelRoom = 150;   // for names at the ends of lines
constexpr double kNamesRoom = 190;   // for names of rows
constexpr double kLineHeight = 15;   // of text
constexpr double kRowHeight = 22;    // of a row of marks
constexpr size_t kMarkersShown = 8;  // of a curve
constexpr int kPointsANine = 16;     // of a curve of quantiles

constexpr std::string_view kDashes[kStyles] = {"", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2 1 2"};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string SvgHead(std::string_view title, double width, double height) {
  return Text("<svg viewBox=\"0 0 ", Number(width), " ", Number(height),
              "\" role=\"img\" aria-label=\"", HtmlText(title), "\">\n");
}

std::string TextAt(double x, double y, std::string_view anchor, std::string_view text) {
  return Text("<text x=\"", Number(x), "\" y=\"", Number(y), "\" text-anchor=\"", anchor, "\">",
              HtmlText(text), "</text>\n");
}

std::string LineFrom(double x1, double y1, double x2, double y2, std::string_view style) {
  return Text("<path class=\"", style, "\" d=\"M", Number(x1), " ", Number(y1), "L", Number(x2),
              " ", Number(y2), "\"/>\n");
}

// One of kStyles shapes around a point.
std::string MarkerAt(double x, double y, size_t style, bool hollow = false) {
  const std::string kind =
      Text("<path class=\"m s", style % kStyles, hollow ? " hollow" : "", "\" d=\"M");
  const auto at = [&](double dx, double dy) { return Text(Number(x + dx), " ", Number(y + dy)); };
  switch (style % kStyles) {
    case 0:  // a disc
      return Text(kind, at(-4, 0), "a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z\"/>\n");
    case 1:  // a square
      return Text(kind, at(-3.5, -3.5), "h7v7h-7Z\"/>\n");
    case 2:  // a triangle
      return Text(kind, at(0, -4.5), "l4.5 8h-9Z\"/>\n");
    case 3:  // a diamond
      return Text(kind, at(0, -5), "l5 5l-5 5l-5 -5Z\"/>\n");
    case 4:  // a cross
      return Text(kind, at(-4, -4), "l8 8m0 -8l-8 8\"/>\n");
    default:  // a plus
      return Text(kind, at(-5, 0), "h10m-5 -5v10\"/>\n");
  }
}

// An axis laid over some length of the picture.
class Ruler {
 public:
  // least, most: of the values that are shown. Those at `from` and `to` are its ends.
  Ruler(const Axis& axis, double least, double most, double from, double to)
      : axis_(axis), from_(from), to_(to) {
    if (axis.scale == Scale::kLog) {
      low_ = std::floor(std::log10(least));
      high_ = std::max(low_ + 1, std::ceil(std::log10(most)));
    } else if (axis.scale == Scale::kNines) {
      high_ = std::max(1.0, most);
    } else {
      low_ = std::min(0.0, least);
      step_ = StepFor(most - low_);
      high_ = std::max(low_ + step_, std::ceil(most / step_) * step_);
    }
  }
  double At(double value) const {
    const double place = axis_.scale == Scale::kLog ? std::log10(value) : value;
    return from_ + (to_ - from_) * std::clamp((place - low_) / (high_ - low_), 0.0, 1.0);
  }
  std::vector<std::pair<double, std::string>> Ticks() const {  // value, text
    std::vector<std::pair<double, std::string>> ticks;
    if (axis_.scale == Scale::kNines) {
      for (const double q : {0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999}) {
        const double nines = -std::log10(1 - q);
        if (nines <= high_ + 1e-9) ticks.emplace_back(nines, ValueText(nines, Unit::kQuantile));
      }
      return ticks;
    }
    const double step = axis_.scale == Scale::kLog ? 1 : step_;
    for (double place = low_; place <= high_ + step / 2; place += step) {
      const double value = axis_.scale == Scale::kLog ? std::pow(10, place) : place;
      ticks.emplace_back(value, ValueText(value, axis_.unit));
    }
    return ticks;
  }

 private:
  // 1, 2 or 5 times a power of ten, so that some five of them make `length`.
  static double StepFor(double length) {
    if (length <= 0) return 1;
    const double rough = length / 5, power = std::pow(10, std::floor(std::log10(rough)));
    const double times = rough / power;
    return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
  }

  const Axis& axis_;
  const double from_, to_;
  double low_ = 0, high_ = 1, step_ = 1;
};

struct Bounds {
  double least = INFINITY, most = -INFINITY;
  void Take(double value, Scale scale) {
    if (!std::isfinite(value) || (scale == Scale::kLog && value <= 0)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  bool empty() const { return least > most; }
};

std::string AxisBelow(const Axis& axis, const Ruler& ruler, double from, double to, double top,
                      double bottom) {
  std::string svg = LineFrom(from, bottom, to, bottom, "axis");
  for (const auto& [value, text] : ruler.Ticks()) {
    const double x = ruler.At(value);
    svg += LineFrom(x, top, x, bottom, "grid") + TextAt(x, bottom + kLineHeight, "middle", text);
  }
  return svg + TextAt((from + to) / 2, bottom + 2.4 * kLineHeight, "middle", axis.title);
}

// Names at the ends of curves, moved apart so that none covers another.
std::string NamesAt(double x, std::vector<std::pair<double, size_t>> places,
                    std::span<const Curve> curves) {
  std::sort(places.begin(), places.end());
  std::string svg;
  double lowest = 0;
  for (const auto& [y, curve] : places) {
    lowest = std::max(y + 4, lowest + kLineHeight);
    svg +=
        MarkerAt(x + 12, lowest - 4, curve) + TextAt(x + 22, lowest, "start", curves[curve].label);
  }
  return svg;
}

}  // namespace

std::string ValueText(double value, Unit unit) {
  char text[48];
  switch (unit) {
    case Unit::kNs:
      return FormatDurationNs(static_cast<int64_t>(value));
    case Unit::kSeconds:
      std::snprintf(text, sizeof text, "%gs", value);
      return text;
    case Unit::kPerSecond: {
      const double part = value >= 1e6 ? value / 1e6 : value >= 1e3 ? value / 1e3 : value;
      std::snprintf(text, sizeof text, "%.3g%s/s", part,
                    value >= 1e6   ? "M"
                    : value >= 1e3 ? "k"
                                   : "");
      return text;
    }
    case Unit::kQuantile:
      break;
  }
  if (value >= 60) return "max";
  std::snprintf(text, sizeof text, "p%.8g", 100 * (1 - std::pow(10, -value)));
  return value == 0 ? "min" : text;
}

std::string LinePlot(std::string_view title, const Axis& x, const Axis& y,
                     std::span<const Curve> curves) {
  Bounds across, up;
  for (const Curve& curve : curves) {
    for (const auto& [at, value] : curve.points) {
      if (y.scale == Scale::kLog && value <= 0) continue;
      across.Take(at, x.scale);
      up.Take(value, y.scale);
    }
  }
  if (across.empty()) return Text("<p>", HtmlText(title), ": there is nothing to show.</p>\n");
  const double right = kWidth - kLabelRoom, bottom = kHeight - kBottom;
  const Ruler ruler_x(x, across.least, across.most, kLeft, right);
  const Ruler ruler_y(y, up.least, up.most, bottom, kTop);
  std::string svg = SvgHead(title, kWidth, kHeight);
  svg += AxisBelow(x, ruler_x, kLeft, right, kTop, bottom);
  for (const auto& [value, text] : ruler_y.Ticks()) {
    const double at = ruler_y.At(value);
    svg += LineFrom(kLeft, at, right, at, "grid") + TextAt(kLeft - 6, at + 4, "end", text);
  }
  std::vector<std::pair<double, size_t>> names;
  for (size_t i = 0; i < curves.size(); ++i) {
    std::string path, markers;
    double end = bottom;
    const size_t every = std::max<size_t>(1, curves[i].points.size() / kMarkersShown);
    for (size_t k = 0; k < curves[i].points.size(); ++k) {
      const auto& [at, value] = curves[i].points[k];
      if (y.scale == Scale::kLog && value <= 0) continue;
      const double px = ruler_x.At(at);
      end = ruler_y.At(value);
      path += Text(path.empty() ? "M" : "L", Number(px), " ", Number(end));
      // Each curve's markers begin elsewhere: those of two that are alike stay apart.
      if (k % every == i * every / kStyles % every) markers += MarkerAt(px, end, i);
    }
    if (path.empty()) continue;
    svg += Text("<path class=\"l s", i % kStyles, "\" stroke-dasharray=\"", kDashes[i % kStyles],
                "\" d=\"", path, "\"/>\n", markers);
    names.emplace_back(end, i);
  }
  return Text(svg, NamesAt(right, std::move(names), curves),
              TextAt(kLeft, kTop - 3, "start", y.title), "</svg>\n");
}

Curve QuantileCurveOf(std::string label, uint64_t samples,
                      const std::function<uint64_t(double)>& quantile) {
  Curve curve{std::move(label), {}};
  for (int i = 0; i <= 8 * kPointsANine; ++i) {
    const double nines = static_cast<double>(i) / kPointsANine, q = 1 - std::pow(10, -nines);
    if (samples < SamplesFor(q)) break;
    curve.points.emplace_back(nines, static_cast<double>(quantile(q)));
  }
  return curve;
}

std::string MarkPlot(std::string_view title, const Axis& x, std::span<const std::string> marks,
                     std::span<const MarkedRow> rows) {
  Bounds across;
  for (const MarkedRow& row : rows) {
    for (const double value : row.values) {
      if (value > 0) across.Take(value, x.scale);
    }
  }
  if (across.empty()) return Text("<p>", HtmlText(title), ": there is nothing to show.</p>\n");
  const double top = kTop + 1.6 * kLineHeight;
  const double bottom = top + static_cast<double>(rows.size()) * kRowHeight + 6;
  const double right = kWidth - 20;
  const Ruler ruler(x, across.least, across.most, kNamesRoom, right);
  std::string svg = SvgHead(title, kWidth, bottom + kBottom);
  double key = kNamesRoom;
  for (size_t i = 0; i < marks.size(); ++i) {
    svg += MarkerAt(key, kTop, i) + TextAt(key + 9, kTop + 4, "start", marks[i]);
    key += 34 + 8 * static_cast<double>(marks[i].size());
  }
  svg += AxisBelow(x, ruler, kNamesRoom, right, top, bottom);
  for (size_t r = 0; r < rows.size(); ++r) {
    const double y = top + (static_cast<double>(r) + 0.5) * kRowHeight;
    Bounds row;
    std::string markers;
    for (size_t i = 0; i < rows[r].values.size(); ++i) {
      if (rows[r].values[i] <= 0) continue;
      row.Take(rows[r].values[i], x.scale);
      markers += MarkerAt(ruler.At(rows[r].values[i]), y, i, rows[r].dotted);
    }
    svg += TextAt(kNamesRoom - 10, y + 4, "end", rows[r].label);
    if (!row.empty()) {
      svg += LineFrom(ruler.At(row.least), y, ruler.At(row.most), y,
                      rows[r].dotted ? "range dotted" : "range");
    }
    svg += markers;
  }
  return svg + "</svg>\n";
}

}  // namespace jackfield::figures
