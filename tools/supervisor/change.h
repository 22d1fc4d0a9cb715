// One change of a running wiring: from the plan in force to a wanted one, step by step. After each
// step a whole plan is in force (tools/wiring/plan_between.h), so that a service may die, or all be
// stopped, at any moment.
//
// The order: servers serve at the addresses that are wanted besides; services without ends in
// common with others are added; calls move; what must be restarted is, one after the other, but
// those that share inherited ends at once; what is removed is stopped as `down` does it; servers
// leave the addresses that no call uses.
//
// A step that fails leaves things as they were, and the report says so with the reason; steps that
// do not need it go on. A service that does not get ready with what is wanted of it is started
// again as it was. One that cannot do what is asked while it runs (a program that is no service of
// the bus, a channel that does not reconnect) is restarted, which is said, too.
//
// Thread: the supervisor's.
#ifndef JACKFIELD_TOOLS_SUPERVISOR_CHANGE_H_
#define JACKFIELD_TOOLS_SUPERVISOR_CHANGE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/duration.h"
#include "kernel/loop/task.h"
#include "kernel/node.h"
#include "tools/supervisor/change_report.h"
#include "tools/supervisor/handing.h"
#include "tools/supervisor/live_plan.h"
#include "tools/supervisor/reach.h"
#include "tools/supervisor/stir.h"
#include "tools/wiring/plan_between.h"
#include "tools/wiring/plan_changes.h"

namespace jackfield {

// For how long a call that still has answers due from the place before is asked to move again, and
// how long it is left alone in between.
inline constexpr int64_t kMoveForNs = 5'000'000'000;
inline constexpr nanoseconds kMoveAgain = 5ms;
// A service that serves nothing, and so never says that it is ready, has got on when it has lived
// so long.
inline constexpr int64_t kTrialNs = 300'000'000;
// How long a service that is started may wait for those that it calls.
inline constexpr int64_t kProvidersNs = 30'000'000'000;

class Change {
 public:
  // stir: woken whenever something happens to a service. All outlive it.
  Change(Node& node, LivePlan& live, Reach& reach, Handing& handing, Stir& stir,
         ChangeReport& report)
      : node_(node), live_(live), reach_(reach), handing_(handing), stir_(stir), report_(report) {}

  // Once. Destroying the task ends it where it stands. Errors: FAILED_PRECONDITION: nothing was
  // begun.
  Task<absl::Status> Run(Plan wanted);

  // The lines that Run would begin with, but for what only the services can tell.
  static void Foretell(const PlanChanges& changes, ChangeReport& report);

 private:
  using Names = std::vector<std::string>;

  // What Run does, in this order.
  Task<void> ServeMore();
  Task<void> Launch(bool restarts);
  Task<void> MoveCalls(bool last);
  Task<void> Remove(bool called);
  Task<void> LeaveAddresses();

  Task<void> ServeOne(ServeName serve);
  Task<absl::Status> Move(CallName call, std::string address);
  Task<void> MoveBack(CallName call);  // to where the plan in force has it
  void Moved(const MovedCall& call);
  void NotMoved(const MovedCall& call, const std::string& why);
  std::string WhyNotServed(const PlannedChannel& channel) const;

  // Implementation of the restarts: change_launch.cc.
  Task<void> Relaunch(Names group);
  Task<void> RollBack(Names group, Names ran, std::string why);
  Task<void> Stopped(Names services);  // the last of them first
  // "": they get on; else why one of them does not.
  Task<std::string> Started(Names services);
  std::vector<Names> Groups() const;
  bool Share(const Names& group, const std::string& service) const;
  bool Reachable(const Names& group) const;
  std::string Lacking(const Names& group) const;
  absl::Status TakeOver(const Names& group);
  absl::Status GiveBack(const Names& group);
  void GiveUpEnds(const Names& group);
  void Restart(const std::string& service, std::string why);

  // As in the wanted plan: what calls `channel`, and what it calls.
  const std::string& ClientOf(const PlannedChannel& channel) const {
    return wanted_.services[channel.client].name;
  }
  const std::string& ServerOf(const PlannedChannel& channel) const {
    return wanted_.services[channel.server].name;
  }
  void Adopt() { live_.Adopt(Between(old_, wanted_, taken_)); }
  bool Runs(const std::string& service) const;
  bool IsStarting(const std::string& service) const;
  int64_t StartOf(const std::string& service) const;  // of its process; 0: it has none
  std::string WhereIs(const std::string& service) const;
  void Done(const std::string& about, const std::string& text) {
    report_.Add({ChangeLine::Kind::kDone, about, text});
  }
  void Not(const std::string& about, const std::string& text) {
    report_.Add({ChangeLine::Kind::kNot, about, text});
  }

  Node& node_;
  LivePlan& live_;
  Reach& reach_;
  Handing& handing_;
  Stir& stir_;
  ChangeReport& report_;

  Plan old_, wanted_;
  PlanChanges changes_;
  Taken taken_;
  RestartedServices restarts_;                   // that are still due
  std::set<std::string> added_;                  // the same
  std::map<std::string, std::string> dropped_;   // services that could not be added, and why
  std::map<ServeName, std::string> not_served_;  // and why
  std::set<CallName> stay_;                      // calls that could not be moved
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_SUPERVISOR_CHANGE_H_
