// What must happen to a running wiring so that another plan is in force: the difference of two
// plans, as a list. What both have in common is in no list, and is not touched.
//
// A service is known by its name, a call by its client and its role. A call whose medium, place or
// server is another one moves, and its client goes on. What a service is given at its start cannot
// be changed while it runs: its arguments, its environment, its limits, which roles it has, and
// inherited ends that it is to get. Then it is restarted; and with it whoever shares inherited ends
// with it, or would look for it at a place that goes with its process.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_PLAN_CHANGES_H_
#define JACKFIELD_TOOLS_WIRING_PLAN_CHANGES_H_

#include <compare>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/wiring/plan.h"

namespace jackfield {

bool Contains(const std::vector<std::string>& services, const std::string& name);

struct CallName {
  std::string client, call;  // CallNameOf
  auto operator<=>(const CallName&) const = default;
};

// An address of a service, as it is wired.
struct ServeName {
  std::string service, address;
  auto operator<=>(const ServeName&) const = default;
};

// Services that are restarted, and why: "its arguments have changed".
struct WhyRestarted {
  std::string text;
  bool own = true;  // its own lines have changed; false: it goes along with another one
};
using RestartedServices = std::map<std::string, WhyRestarted, std::less<>>;

struct MovedCall {
  CallName call;
  std::string from, to;  // "unix:", or "store over unix:" where the server is another one
};

struct PlanChanges {
  std::vector<std::string> added;  // as in the wanted plan: providers first
  RestartedServices restarted;
  std::vector<std::string> removed;  // clients first
  std::vector<MovedCall> moved;      // also of clients that are restarted
  // Places for the outside, of services that go on or are restarted.
  std::vector<ServeName> served, left;
  // Sentences about what changes and touches no process: "kv: its restart rule has changed".
  std::vector<std::string> noted;
  bool none() const {
    return added.empty() && restarted.empty() && removed.empty() && moved.empty() &&
           served.empty() && left.empty() && noted.empty();
  }
};

// Errors: FAILED_PRECONDITION: it cannot be done while the wiring is up, and why.
absl::StatusOr<PlanChanges> ChangesBetween(const Plan& in_force, const Plan& wanted);

// Adds to `restarted` the services of `plan` that must go along: at the other end of inherited
// ends, or because a place goes with its process. But for those that are only `added`.
void SpreadRestarts(const Plan& plan, const std::vector<std::string>& added,
                    RestartedServices& restarted);

// What a plan says of one call; both null: nothing. Valid as long as the plan is.
struct FoundCall {
  const PlannedChannel* channel = nullptr;
  const OutsideCall* outside = nullptr;
  bool there() const { return channel != nullptr || outside != nullptr; }
};
FoundCall FindCall(const Plan& plan, const CallName& name);
const PlannedService* FindPlanned(const Plan& plan, std::string_view name);  // null: it has none

// At which address the server of a channel is to serve.
Address ServeAddress(const Plan& plan, const PlannedChannel& channel);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PLAN_CHANGES_H_
