// --against: which of two services is faster? Short runs in alternation, A B B A, each of which
// counts as one measurement: the calls of one run hang together, and to pool them finds
// differences where there are none.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_LOAD_COMPARE_H_
#define JACKFIELD_TOOLS_LOAD_COMPARE_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/load/conduct.h"

namespace jackfield::load {

// B by A: more than 1, B is slower.
struct Ratio {
  double ratio = 1, low = 1, high = 1;  // 95 % interval
  bool differs() const { return low > 1 || high < 1; }
};
// Of the logarithms of B/A, one for each pair. Requires: at least 2
Ratio RatioOf(std::span<const double> logarithms);

struct Comparison {
  struct Row {
    double quantile;
    std::optional<Ratio> ratio;  // nothing: too few calls a run to tell it
    double a_ns = 0, b_ns = 0;   // medians of the runs
  };
  std::vector<Row> rows;
  uint32_t pairs = 0, left_out = 0;  // because one of their runs was not valid
  std::string fault;                 // of the first of these
};
// Errors: as Conduct; CANCELLED: interrupted.
absl::StatusOr<Comparison> Compare(Conductor& conductor, const Job& a, const Job& b, bool quiet);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_COMPARE_H_
