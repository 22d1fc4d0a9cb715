// Every transport of this machine, for who names none.
//
// Thread: the main one.
#ifndef JACKFIELD_TOOLS_BENCH_TARGETS_H_
#define JACKFIELD_TOOLS_BENCH_TARGETS_H_

#include <vector>

#include "kernel/registry.h"
#include "tools/bench/options.h"
#include "transports/machine.h"

namespace jackfield::bench {

// A bare address for each transport of `registry`, and one more for each type of it that has a
// floor of its own (medium.h), by name. What cannot be measured says why in Target::lacks: it
// carries no calls, or none of this size, it joins nodes of one thread, or the machine lacks it.
std::vector<Target> EveryTarget(const Registry& registry, const MachineChecks& machine,
                                uint64_t size_bytes);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_TARGETS_H_
