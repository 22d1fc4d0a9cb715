// The key `allow` of a service: who may call it.
//
//   allow = ["orders", "uid:1000", "gid:build"]            # services of the wiring, users, groups
//   allow = { "*" = ["orders", "shipping"],                # the same, and of single
//             "kv.Store" = ["orders"],                     # interfaces and
//             "kv.Store/Drop" = ["nobody"] }               # methods; what says most counts
//
// It comes to rules in the grants of the service (services/allow), and to a badge in those of each
// service that calls it. Without it, whoever can reach the service may call it.
//
// Thread: any; plain values. Blocks: while the system looks up users and groups.
#ifndef JACKFIELD_TOOLS_WIRING_ALLOW_KEY_H_
#define JACKFIELD_TOOLS_WIRING_ALLOW_KEY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "tools/wiring/findings.h"
#include "tools/wiring/plan.h"
#include "tools/wiring/surroundings.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

inline constexpr size_t kAllowEntriesMax = 1024;  // of one service, all its methods together

// Reads the key of `service`. What is wrong with it goes to `findings`.
void ReadAllow(const Entry& entry, ServiceEntry& service, Findings& findings);

// Gives the services of `plan`, which are those of `wiring` in its order and have their channels,
// what their keys say. What is wrong is added to `faults`: a service that there is not, a channel
// of one that may not call, one-way messages over a medium that does not say who sends them.
void PlanAllow(const Wiring& wiring, Plan& plan, std::vector<Fault>& faults);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_ALLOW_KEY_H_
