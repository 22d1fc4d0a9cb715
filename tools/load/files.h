// A result for other programs: rows over time, and a distribution for the plotters of HdrHistogram.
//
// Thread: any; pure functions.
#ifndef JACKFIELD_TOOLS_LOAD_FILES_H_
#define JACKFIELD_TOOLS_LOAD_FILES_H_

#include <string>

#include "tools/load/result.h"
#include "tools/load/sheet.h"

namespace jackfield::load {

// A row for each slot: calls due in it with the generator's lag, calls that ended in it with their
// latency from the intended moment. The last row is all that ended after the schedule.
std::string CsvOf(const Sheet& sheet);

// The latency from the intended moment in ms, all stages together; as HdrHistogram's
// outputPercentileDistribution.
std::string HgrmOf(const Result& result);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_FILES_H_
