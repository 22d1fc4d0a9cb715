// A plan on its way to another one: what has been taken over from the wanted plan is as it says,
// all else as it was. What is so half way is a plan like any other: its services can be started
// again, stopped in order, and looked at.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_PLAN_BETWEEN_H_
#define JACKFIELD_TOOLS_WIRING_PLAN_BETWEEN_H_

#include <set>
#include <string>

#include "tools/wiring/plan.h"
#include "tools/wiring/plan_changes.h"

namespace jackfield {

struct Taken {
  std::set<std::string, std::less<>> services;  // added or restarted: as wanted, with their calls
  std::set<std::string, std::less<>> gone;      // removed
  std::set<CallName> calls;                     // moved, of clients that go on
  std::set<ServeName> served;                   // addresses of the wanted plan that are served
  std::set<ServeName> left;                     // of the old plan, and no more
};

// A restart rule touches no process, and is as wanted from the beginning. The name is the old one.
// Services that are in both, or are added, stand in the wanted order, the others behind them.
Plan Between(const Plan& old, const Plan& wanted, const Taken& taken);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PLAN_BETWEEN_H_
