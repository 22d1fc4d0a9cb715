// A moment of a running wiring as Prometheus reads it. What is a counter here is one that a service
// keeps itself, since its start. What is known only of the last messages of a service (1,024 of
// them, services/watch) is a gauge or a summary over these, and its help says so.
//
// Thread: any; a pure function.
#ifndef JACKFIELD_TOOLS_WEB_METRICS_H_
#define JACKFIELD_TOOLS_WEB_METRICS_H_

#include <string>

#include "tools/web/watching.h"

namespace jackfield::web {

std::string MetricsText(const Moment& moment);

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_METRICS_H_
