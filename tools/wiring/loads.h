// The table [load] for the reader of a whole wiring file.
#ifndef JACKFIELD_TOOLS_WIRING_LOADS_H_
#define JACKFIELD_TOOLS_WIRING_LOADS_H_

#include <vector>

#include "tools/wiring/findings.h"
#include "tools/wiring/load_table.h"

namespace jackfield {

// `entry`: "load" and its table. What is wrong with it goes to `findings`.
std::vector<LoadEntry> ReadLoads(const Entry& entry, Findings& findings);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_LOADS_H_
