// What the supervisor says on stderr about the services of its plan, in whole lines.
//
// Thread: the supervisor's. Never blocks: outlet.h.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_TELLING_H_
#define JACKFIELD_TOOLS_SUPERVISOR_TELLING_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/runs/log_writer.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/outlet.h"
#include "tools/supervisor/supervised.h"
#include "tools/supervisor/supervisor.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class Telling {
 public:
  // All outlive it. services: as in the plan.
  Telling(const Plan& plan, const Handing& handing, const std::vector<Supervised>& services,
          Outlet& outlet, LogWriter& log, Loudness loudness)
      : plan_(plan),
        handing_(handing),
        services_(services),
        outlet_(outlet),
        log_(log),
        loudness_(loudness) {}

  void Say(std::string_view line);      // unless it is to be quiet
  void Failure(std::string_view line);  // always
  void Line(std::string_view line);     // the same, as it stands

  // "  kv     ready    12.1ms  unix:@6f37a  pid 4121  calls log"
  void State(size_t service, std::string_view state, int64_t took_ns);
  void Slow(size_t service);                       // to be ready
  void Ended(size_t service);                      // with --verbose
  void Restart(size_t service, int64_t pause_ns);  // it has ended, and is started again

  // Who ended too early, how, and what that does to the rest. stopping: it was being stopped.
  std::string EndOf(size_t service, bool stopping) const;

 private:
  const std::string& NameOf(size_t service) const { return plan_.services[service].name; }
  std::string CallsOf(size_t service) const;

  const Plan& plan_;
  const Handing& handing_;
  const std::vector<Supervised>& services_;
  Outlet& outlet_;
  LogWriter& log_;
  const Loudness loudness_;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_TELLING_H_
