// How a unit of systemd is ready where the wiring says `ready`: by "notify" the service tells
// systemd; by "port" and "exec:" a command behind its start repeats the question, 10 times a
// second, until the answer is yes. Those that come after it wait for that.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_UNITS_READY_PROBE_H_
#define JACKFIELD_TOOLS_UNITS_READY_PROBE_H_

#include <span>
#include <string>
#include <string_view>

#include "kernel/address.h"
#include "tools/wiring/plan.h"

namespace jackfield::units {

// A line for sh that ends when the service is ready; "": it says so itself. places: where it
// serves; jackfield: this program.
std::string ReadyProbe(const PlannedService& service, std::span<const Address> places,
                       std::string_view jackfield);

// What a user should know of that, in a sentence; "": nothing.
std::string ReadyNote(const PlannedService& service);

}  // namespace jackfield::units

#endif  // JACKFIELD_TOOLS_UNITS_READY_PROBE_H_
