// `jackfield trace`: calls on their way through many services, put together from what each
// recorded.
#ifndef JACKFIELD_TOOLS_VERBS_TRACE_H_
#define JACKFIELD_TOOLS_VERBS_TRACE_H_

#include <string>

#include "tools/cli/program.h"
#include "tools/trace/collect.h"

namespace jackfield {

Verb TraceVerb();

// For `call --trace`: the trace that `own` has begun with a call of `method` on the process `peer`,
// as a picture. Asks the wiring of that name, or the only one that is up, for the rest of it. "":
// nothing is known.
std::string PictureOfOwn(const Program& program, const trace::OwnTrace& own,
                         const std::string& peer, const std::string& method,
                         std::string_view wiring);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_VERBS_TRACE_H_
