// `jackfield bench`: how fast the bus is over a transport, and how near that is to what the
// transport itself can do.
//
//   BenchMain(argc, argv, registry)      argv: what follows the verb
//
// Results go to stdout, notes to stderr. Returns the exit status: 0; 1 a measurement failed, with
// one line on stderr; 2 usage. Requires: one thread, and no node in this process: it forks. Blocks:
// for rounds × addresses × seconds, twice that with --floor.
#ifndef JACKFIELD_TOOLS_BENCH_BENCH_H_
#define JACKFIELD_TOOLS_BENCH_BENCH_H_

#include "kernel/registry.h"

namespace jackfield::bench {

int BenchMain(int argc, char** argv, const Registry& registry);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_BENCH_H_
