// A result as a page with plots (tools/figures/page.h): latency and rate over time, and the whole
// distribution.
//
// Thread: any; a pure function.
#ifndef JACKFIELD_TOOLS_LOAD_PAGE_H_
#define JACKFIELD_TOOLS_LOAD_PAGE_H_

#include <string>

#include "tools/load/report.h"
#include "tools/load/result.h"
#include "tools/load/sheet.h"

namespace jackfield::load {

std::string PageOf(const Heading& heading, const Result& result, const Sheet& sheet);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_PAGE_H_
