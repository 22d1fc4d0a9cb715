// In which order the services of a plan start: providers first, else as in the file.
#ifndef JACKFIELD_TOOLS_WIRING_START_ORDER_H_
#define JACKFIELD_TOOLS_WIRING_START_ORDER_H_

#include <optional>
#include <string>
#include <vector>

#include "tools/wiring/plan.h"

namespace jackfield {

// Calls that lead back to where they began.
struct Circle {
  size_t channel = 0;  // the call that closes it
  std::string text;    // "a → b → a"
};

// Sorts the services, and changes the indices of the channels with them; or says what forbids it,
// and changes nothing.
std::optional<Circle> SortProvidersFirst(Plan& plan);

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_START_ORDER_H_
