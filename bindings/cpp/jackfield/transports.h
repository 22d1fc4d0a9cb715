// The transports and shims that come with Jackfield, for a program's main function.
// Thread rules, ownership, limits and errors: transports/builtin.h
#ifndef JACKFIELD_PUBLIC_TRANSPORTS_H_
#define JACKFIELD_PUBLIC_TRANSPORTS_H_

#include "transports/builtin.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_TRANSPORTS_H_
