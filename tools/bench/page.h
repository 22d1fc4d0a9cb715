// A measurement as a page with plots (tools/figures/page.h).
//
// Thread: any; a pure function.
#ifndef JACKFIELD_TOOLS_BENCH_PAGE_H_
#define JACKFIELD_TOOLS_BENCH_PAGE_H_

#include <span>
#include <string>

#include "tools/bench/series.h"

namespace jackfield::bench {

std::string PageOf(const Options& options, std::span<const Row> rows);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_PAGE_H_
