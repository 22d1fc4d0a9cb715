#include "tools/verbs/bench.h"

#include "tools/bench/bench.h"
#include "tools/bench/options.h"

namespace jackfield {

Verb BenchVerb() {
  return {
      .name = "bench",
      .summary = "how fast the bus is over a transport, and the bare medium beside it",
      .usage = "",
      .description =
          "Measures whole calls between two processes, through Channel and Port, every payload\n"
          "verified on both sides. docs/benchmarks.md explains what is measured and how.\n"
          "Without --over: every transport of this machine beside its bare medium, in a minute.\n"
          "\n"
          "  latency     one blocking call at a time: the round trip\n"
          "  throughput  one-way messages as fast as they go, counted by the receiver\n"
          "  fanin       calls on many connections to one server\n"
          "\n"
          "All are closed loops: a call begins when one has ended, so that a stall counts once. "
          "For\nlatency under a rate: `jackfield load`. Under a row that others disturbed stands "
          "\"noisy\".\n"
          "\n"
          "exit status: 0 done, 1 a measurement failed, 2 the command is wrong, 130 interrupted "
          "(what\nthere is by then is printed)\n",
      .flags = bench::Options::Flags(),
      .operands_max = 1,  // none: Options says what was meant
      .run = bench::Bench};
}

}  // namespace jackfield
