// `jackfield bench`: how fast the bus is over a transport, and how near that is to what the
// transport itself can do.
//
// Results go to stdout, notes to stderr. Returns the exit status: 0; 1 a measurement failed, with
// one line on stderr; 2 usage; 130 a signal asked to stop: what there is by then is printed.
// Whatever it returns, no process of it is left, and nothing of theirs under a name. Requires: one
// thread, and no node in this process: it forks. Blocks: for rounds × addresses × seconds, twice
// that with --floor.
#ifndef JACKFIELD_TOOLS_BENCH_BENCH_H_
#define JACKFIELD_TOOLS_BENCH_BENCH_H_

#include "tools/cli/arguments.h"
#include "tools/cli/program.h"

namespace jackfield::bench {

// `arguments`: read by Options::Flags().
int Bench(const Program& program, const Arguments& arguments);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_BENCH_H_
