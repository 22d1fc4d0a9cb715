// THE list of transports: what a program that uses all of them puts into its registry.
#ifndef JACKFIELD_TRANSPORTS_BUILTIN_H_
#define JACKFIELD_TRANSPORTS_BUILTIN_H_

#include "kernel/registry.h"
#include "transports/machine.h"
#include "transports/resources.h"

namespace jackfield {

// Called by main(), once.
void AddBuiltinTransports(Registry& registry);

// What only the running machine tells of addresses of the transports above.
MachineChecks BuiltinMachineChecks();

// What the transports above leave in the system under a name, those of them that do.
ResourcesList BuiltinResources();

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_BUILTIN_H_
