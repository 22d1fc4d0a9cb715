// Is a run steady, and from when on? Found from its batches, not guessed from its beginning.
//
// Warm-up ends at the first batch after which neither p50 nor the rate of ends has a trend
// (Mann-Kendall, 1 %, and a change that matters). A run of which more than half would be warm-up is
// not steady, nor is one whose p99 goes on changing. It is overloaded when more and more calls wait
// for their end: then a quantile of it says how long the run was, and nothing of the service.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_LOAD_STEADY_H_
#define JACKFIELD_TOOLS_LOAD_STEADY_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace jackfield::load {

struct BatchFigures {
  uint64_t due = 0;                // calls
  uint64_t ended_in_it = 0;        // whenever they were due
  int64_t p50_ns = 0, p99_ns = 0;  // of those that were due in it
};

inline constexpr double kTrendP50 = 1.25;        // so much between the thirds of a run is a trend,
inline constexpr double kTrendP99 = 2.0;         // of p99,
inline constexpr double kTrendRate = 1.05;       // and of the rate of ends
inline constexpr uint64_t kBatchCallsLeast = 5;  // with fewer nothing can be told
inline constexpr double kBacklogShare = 0.005;   // of the calls due in half of a run

struct Steadiness {
  enum class Kind {
    kSteady,
    kOverloaded,  // the offered rate exceeds the capacity
    kUnsettled,   // it goes on changing
    kUnknown,     // too few calls in a batch
  };
  Kind kind = Kind::kUnknown;
  size_t warmup_batches = 0;       // to be left out
  int64_t from_ns = 0, to_ns = 0;  // p50 of the first and the last third of what is judged
};

// All of one stage with a constant rate. Requires: at least 10.
Steadiness JudgeSteadiness(std::span<const BatchFigures> batches);

// 1: rises, -1: falls, by at least `factor` between its first and its last third, and not by
// chance; 0: neither.
int TrendOf(std::span<const double> values, double factor);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_STEADY_H_
