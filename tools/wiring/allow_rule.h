// Who may call a service: the key `allow` of a wiring.
#ifndef JACKFIELD_TOOLS_WIRING_ALLOW_RULE_H_
#define JACKFIELD_TOOLS_WIRING_ALLOW_RULE_H_

#include <vector>

#include "services/allow/access_gate.h"
#include "tools/wiring/place.h"

namespace jackfield {

struct AllowRule {
  struct Entry {
    allow::Rule rule;
    Place place;
  };
  std::vector<Entry> entries;  // empty: whoever can reach it
  Place place;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_ALLOW_RULE_H_
