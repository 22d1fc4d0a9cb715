// How often a thread allocates memory.
//
// A program that links this has an operator new that adds one, for threads that asked for it, and
// is the standard library's otherwise. (new[] and the forms that do not throw call it.) What C code
// allocates by malloc is not seen.
//
// Thread: each counts its own.
#ifndef JACKFIELD_TOOLS_BENCH_ALLOCATIONS_H_
#define JACKFIELD_TOOLS_BENCH_ALLOCATIONS_H_

#include <cstdint>

namespace jackfield::bench {

// False: this build has an operator new of somebody else's, a sanitizer's.
bool CanCountAllocations();

// From here on each allocation of this thread adds one to `*counter`; nullptr: to nothing. It
// outlives the thread, or the next call.
void CountAllocationsIn(uint64_t* counter);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_ALLOCATIONS_H_
