// What generated services stand on: typed handlers of an interface.
// Thread rules, ownership, limits and errors: services/stubs/server.h
#ifndef JACKFIELD_PUBLIC_SERVER_H_
#define JACKFIELD_PUBLIC_SERVER_H_

#include "services/stubs/server.h"  // IWYU pragma: export

#endif  // JACKFIELD_PUBLIC_SERVER_H_
