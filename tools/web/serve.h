// What the verbs `metrics` and `ui` do: listen, say where, answer until they are stopped.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_WEB_SERVE_H_
#define JACKFIELD_TOOLS_WEB_SERVE_H_

#include "tools/cli/program.h"

namespace jackfield::web {

inline constexpr std::string_view kMetricsPlace = "127.0.0.1:7700", kUiPlace = "127.0.0.1:0";

// Return the exit status.
int RunMetrics(const Program& program, const Arguments& arguments);
int RunUi(const Program& program, const Arguments& arguments);

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_SERVE_H_
