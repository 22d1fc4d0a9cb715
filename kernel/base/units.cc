#include "kernel/base/units.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "kernel/base/text.h"

namespace jackfield {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr Unit kDurations[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                               {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
constexpr Unit kSizes[] = {{"B", 1},         {"K", 1024},       {"KiB", 1024},       {"M", 1048576},
                           {"MiB", 1048576}, {"G", 1073741824}, {"GiB", 1073741824}, {"KB", 1e3},
                           {"MB", 1e6},      {"GB", 1e9}};

// Splits "1.5ms" and multiplies; the result is below 2^62.
template <size_t N>
absl::StatusOr<double> Parse(std::string_view text, const Unit (&units)[N], std::string_view what,
                             std::string_view example) {
  size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) || text[digits] == '.')) {
    ++digits;
  }
  const std::string number(text.substr(0, digits));
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  const std::string_view unit = text.substr(digits);
  if (digits > 0 && *end == '\0') {
    if (unit.empty() && value == 0) return 0.0;
    for (const Unit& u : units) {
      if (u.name == unit && value * u.factor < 4.6e18) return value * u.factor;
    }
  }
  return absl::InvalidArgumentError(Text("\"", Escaped(text), "\" is not a ", what,
                                         "; write a number and a unit, such as ", example));
}

}  // namespace

absl::StatusOr<int64_t> ParseDurationNs(std::string_view text) {
  absl::StatusOr<double> value = Parse(text, kDurations, "duration", "250us or 2s");
  if (!value.ok()) return value.status();
  return static_cast<int64_t>(std::llround(*value));
}

absl::StatusOr<uint64_t> ParseBytes(std::string_view text) {
  absl::StatusOr<double> value = Parse(text, kSizes, "size", "4KiB or 1M");
  if (!value.ok()) return value.status();
  return static_cast<uint64_t>(std::llround(*value));
}

absl::StatusOr<double> ParseShare(std::string_view text) {
  const bool percent = !text.empty() && text.back() == '%';
  const std::string number(percent ? text.substr(0, text.size() - 1) : text);
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end) / (percent ? 100 : 1);
  if (number.empty() || *end != '\0' || !(value >= 0 && value <= 1)) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(text),
             "\" is not a share; write a percentage such as 1% or a number between 0 and 1"));
  }
  return value;
}

std::string FormatDurationNs(int64_t ns) {
  const Unit* unit = kDurations;
  while (std::abs(static_cast<double>(ns)) / unit->factor >= 999.5 &&
         unit + 1 != std::end(kDurations)) {
    ++unit;
  }
  const double value = static_cast<double>(ns) / unit->factor;
  char text[32];
  std::snprintf(text, sizeof text, std::abs(value) < 999.5 ? "%.3g" : "%.0f", value);
  return Text(text, unit->name);
}

std::string FormatBytes(uint64_t bytes) {
  char text[32];
  const double value = static_cast<double>(bytes);
  if (bytes < 1024 || (bytes < 10'240 && bytes % 128 != 0))
    std::snprintf(text, sizeof text, "%d B", static_cast<int>(bytes));
  else if (bytes < 1048576)
    std::snprintf(text, sizeof text, "%.4g KiB", value / 1024);
  else if (bytes < 1073741824)
    std::snprintf(text, sizeof text, "%.4g MiB", value / 1048576);
  else
    std::snprintf(text, sizeof text, "%.4g GiB", value / 1073741824);
  return text;
}

}  // namespace jackfield
