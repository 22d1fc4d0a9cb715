// A running wiring as it is told to others: the table jackfield.init.Wiring.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_LOOK_H_
#define JACKFIELD_TOOLS_SUPERVISOR_LOOK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "services/init/init_service.h"
#include "tools/runs/log_writer.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/reach.h"
#include "tools/supervisor/supervised.h"
#include "tools/wiring/plan.h"

namespace jackfield {

// What the supervisor knows, and what the services have just told it.
struct Known {
  const Plan& plan;
  const Handing& handing;
  const std::vector<Supervised>& services;  // as in the plan
  const Reach& reach;
  const Reach::Answers& answers;
  const std::string& logs;  // their directory; "": there is none
  const LogWriter& log;
};

// began_ns, now_ns: on the clock of their times.
flatbuffers::Offset<init::Wiring> BuildWiring(flatbuffers::FlatBufferBuilder& fbb,
                                              const Known& known, int64_t began_ns, int64_t now_ns);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LOOK_H_
