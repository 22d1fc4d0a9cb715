// On which CPUs the sides run.
//
// Thread: any.
#ifndef JACKFIELD_TOOLS_BENCH_PLACEMENT_H_
#define JACKFIELD_TOOLS_BENCH_PLACEMENT_H_

#include "tools/bench/options.h"

namespace jackfield::bench {

// Have client and server one CPU for both? With --pin same, and where this process may use only
// one: there is no other, or taskset says so. There nobody may spin for the other.
bool ShareOneCpu(Pin pin);

// Binds this thread to the first CPU it may use, or with Pin::kSplit, if it is the second of both,
// to the second; with fewer than two, and with Pin::kNone, not at all. A hint: if it is refused, the
// run is only less steady.
void BindThread(Pin pin, bool second);

// Is this process under SCHED_FIFO (chrt -f)? There who spins on a CPU keeps it for good.
bool IsFifo();

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_PLACEMENT_H_
