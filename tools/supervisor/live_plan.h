// The plan that is in force and its services, for who changes it while it is up (change.h).
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_LIVE_PLAN_H_
#define JACKFIELD_TOOLS_SUPERVISOR_LIVE_PLAN_H_

#include <string_view>

#include "tools/supervisor/supervised.h"
#include "tools/wiring/plan.h"

namespace jackfield {

class LivePlan {
 public:
  virtual const Plan& plan() const = 0;
  // The wiring is being stopped: nothing is to be begun.
  virtual bool stopping() const = 0;

  // Another plan is in force from now on. A service that is in both, by its name, goes on; one that
  // is new waits. Requires: a service that is not in it any more is over.
  virtual void Adopt(Plan plan) = 0;

  // Null: the plan has none of that name. Valid until Adopt.
  virtual const Supervised* Find(std::string_view service) const = 0;
  // From Stop or Start on, until Release, it is for the caller to judge how the service ends: the
  // wiring goes on, and nobody starts it again. Requires of each: the plan has it.
  // It is asked to stop, and is killed in the end; one that does not run has ended at once.
  virtual void Stop(std::string_view service) = 0;
  // As soon as all that it calls are ready. Requires: it does not run.
  virtual void Start(std::string_view service) = 0;
  virtual void Release(std::string_view service) = 0;
  // The change is over: the wiring may have nothing left to do.
  virtual void Settle() = 0;

 protected:
  ~LivePlan() = default;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_LIVE_PLAN_H_
