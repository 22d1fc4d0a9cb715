// A measurement for programs: JSON, one object a line, and CSV.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_BENCH_DATA_H_
#define JACKFIELD_TOOLS_BENCH_DATA_H_

#include <span>
#include <string>

#include "tools/bench/series.h"

namespace jackfield::bench {

// A line for the bus and, if there is one, a line for the floor. What is not known is null: a
// quantile of too few samples above all.
std::string Json(const Options& options, const Row& row);

// The same with a head; what is not known is empty.
std::string Csv(const Options& options, std::span<const Row> rows);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_DATA_H_
