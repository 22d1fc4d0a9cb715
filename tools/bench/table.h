// A measurement for people: a line for each address, a line below for its floor, and below all what
// must be said of them. At most 80 columns wide, with counts 91.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_BENCH_TABLE_H_
#define JACKFIELD_TOOLS_BENCH_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/series.h"

namespace jackfield::bench {

// Said once below a table of latencies.
inline constexpr std::string_view kClosedLoop =
    "closed loop: a stall counts once; use `jackfield load` for latency under a rate";

class BenchTable {
 public:
  explicit BenchTable(const Options& options) : options_(options) {}

  std::string Title() const;  // "latency, 64 B, 5 x 1s, pin split"
  std::string Head() const;
  // The lines of a row, and what must be said of it alone: that it is noisy.
  std::string Lines(const Row& row);
  // What must be said of all lines so far.
  std::string Foot() const;

 private:
  std::string Line(const Series& series, std::string_view name, const Row* row);

  const Options& options_;
  double untold_ = 0;  // the lowest quantile that was not told; 0: all were
  bool any_ = false;
};

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_TABLE_H_
