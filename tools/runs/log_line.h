// Times as they stand in logs: RFC 3339, UTC.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_RUNS_LOG_LINE_H_
#define JACKFIELD_TOOLS_RUNS_LOG_LINE_H_

#include <cstdint>
#include <string>

namespace jackfield {

int64_t WallNs();  // since 1970, UTC

// "2026-11-30T19:20:31.481Z"
std::string TimeText(int64_t time_ns);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_RUNS_LOG_LINE_H_
