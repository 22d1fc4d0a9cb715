// The tables [load.NAME] of a wiring file: loads that are kept with it, for `jackfield load NAME`.
//
//   [load.smoke]
//   target   = "orders/Place"                 # a service of this wiring, and its method
//   data     = '{"item":"{{uuid}}"}'          # the request, or its template
//   rate     = "2k"                           # and so on: any flag of the verb, without its dashes
//   duration = "10s"
//   assert   = ["p99<1ms", "errors==0"]       # one that may be given again
//
// What the flags mean is the verb's matter (tools/verbs/load_profile.h).
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_WIRING_LOAD_TABLE_H_
#define JACKFIELD_TOOLS_WIRING_LOAD_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/wiring/wiring.h"

namespace jackfield {

inline constexpr size_t kLoadsMax = 256;  // of a wiring

struct LoadEntry {
  struct Flag {
    std::string name, value;  // a switch has the value "true"
    Place place;
  };
  std::string name;
  Place place;
  std::string target;       // "orders/Place"; never empty
  std::string data;         // "": not given
  std::vector<Flag> flags;  // in the file's order
};

// In the file's order. Errors: as ParseWiring, of these tables alone.
absl::StatusOr<std::vector<LoadEntry>> ParseLoads(std::string_view file, std::string_view text);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_LOAD_TABLE_H_
