// THE list of transports: what a program that uses all of them puts into its registry.
#ifndef JACKFIELD_TRANSPORTS_BUILTIN_H_
#define JACKFIELD_TRANSPORTS_BUILTIN_H_

#include "kernel/registry.h"

namespace jackfield {

// Called by main(), once.
void AddBuiltinTransports(Registry& registry);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_BUILTIN_H_
