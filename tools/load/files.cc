#include "tools/load/files.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

namespace jackfield::load {
namespace {

double Us(uint64_t ns) { return static_cast<double>(ns) / 1e3; }
double Ms(double ns) { return ns / 1e6; }

template <class... Values>
void Append(std::string& text, const char* format, Values... values) {
  char line[256];
  std::snprintf(line, sizeof line, format, values...);
  text += line;
}

}  // namespace

std::string CsvOf(const Sheet& sheet) {
  std::string text = "at_ms,due,lag_p99_us,ended,errors,p50_us,p99_us,max_us,out_max,waiting_max\n";
  for (size_t i = 0; i < sheet.grid().slots(); ++i) {
    const Slot& slot = sheet.slot(i);
    Append(text, "%lld,%u,%.1f,%u,%u,%.1f,%.1f,%.1f,%u,%u\n",
           static_cast<long long>(static_cast<int64_t>(i) * sheet.grid().slot_ns() / 1'000'000),
           slot.due, Us(slot.lag.Quantile(0.99)), slot.ended, slot.errors,
           Us(slot.latency.Quantile(0.5)), Us(slot.latency.Quantile(0.99)),
           Us(slot.latency.max_ns()), slot.out, slot.waiting);
  }
  return text;
}

std::string HgrmOf(const Result& result) {
  const auto all = std::make_unique<Histogram>();
  for (const auto& stage : result.stages) all->Merge(stage->latency);
  const auto total = static_cast<double>(std::max<uint64_t>(1, all->count()));
  double sum = 0, squares = 0;
  all->ForEach([&](uint64_t ns, uint64_t count) {
    sum += static_cast<double>(ns) * static_cast<double>(count);
  });
  const double mean = sum / total;
  std::string text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  uint64_t seen = 0;
  all->ForEach([&](uint64_t ns, uint64_t count) {
    const double off = static_cast<double>(ns) - mean;
    squares += off * off * static_cast<double>(count);
    seen += count;
    const double share = static_cast<double>(seen) / total;
    if (seen < all->count()) {
      Append(text, "%12.3f %2.12f %10llu %14.2f\n", Ms(static_cast<double>(ns)), share,
             static_cast<unsigned long long>(seen), 1 / (1 - share));
    } else {
      Append(text, "%12.3f %2.12f %10llu\n", Ms(static_cast<double>(ns)), share,
             static_cast<unsigned long long>(seen));
    }
  });
  Append(text, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", Ms(mean),
         Ms(std::sqrt(squares / total)));
  Append(text, "#[Max     = %12.3f, Total count    = %12llu]\n",
         Ms(static_cast<double>(all->max_ns())), static_cast<unsigned long long>(all->count()));
  return text;
}

}  // namespace jackfield::load
