// What a few measurements say of the thing measured: a mean, and how far it may be off.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_FIGURES_INTERVAL_H_
#define JACKFIELD_TOOLS_FIGURES_INTERVAL_H_

#include <span>
#include <vector>

namespace jackfield::figures {

// Student's t interval at 95 %: mean - half … mean + half. It is right for values that do not hang
// together: one for each run, or for each stretch of a run, never the calls of one run.
struct Interval {
  double mean = 0, half = 0;
};
Interval IntervalOf(std::span<const double> values);  // Requires: at least 2

// The middle value, the higher one of two. Requires: at least 1
double MedianOf(std::vector<double> values);

}  // namespace jackfield::figures

#endif  // JACKFIELD_TOOLS_FIGURES_INTERVAL_H_
