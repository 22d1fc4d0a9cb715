// A wiring as units of systemd: a service unit for each service, and a target that wants them all.
//
//   shop-kv.service: Type=notify, its grants in Environment=, what it calls in Wants= and After=,
//   restart and limits mapped.
//
// What systemd has no word for is left out: a pause that grows from one restart to the next (the
// first is used), and the end of the wiring when the work is done.
//
// Thread: any; plain values.
#ifndef JACKFIELD_TOOLS_UNITS_UNITS_H_
#define JACKFIELD_TOOLS_UNITS_UNITS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/units/places.h"
#include "tools/wiring/plan.h"

namespace jackfield::units {

struct Unit {
  std::string name;  // "shop-kv.service"
  std::string text;
};

struct UnitOptions {
  std::string jackfield;  // this program, a whole path: built-in services are run by it
  std::string directory;  // where services run that have no `cwd`
};

// The target last. Requires: places as ChoosePlaces returned them.
std::vector<Unit> UnitsOf(const Plan& plan, const Places& places, const UnitOptions& options);

// One word of a unit's line, quoted where it must be, so that systemd reads `text` from it.
// dollars: of ExecStart, where "$NAME" would be a variable.
std::string Quoted(std::string_view text, bool dollars);

}  // namespace jackfield::units

#endif  // JACKFIELD_TOOLS_UNITS_UNITS_H_
