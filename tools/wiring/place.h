// Where something of a wiring was written.
#ifndef JACKFIELD_TOOLS_WIRING_PLACE_H_
#define JACKFIELD_TOOLS_WIRING_PLACE_H_

#include <cstdint>

namespace jackfield {

// Line 0: not in the file, but by --set or --over.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_PLACE_H_
