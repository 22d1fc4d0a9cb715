#include "tools/verbs/bench.h"

#include "tools/bench/bench.h"
#include "tools/bench/options.h"

namespace jackfield {
namespace {

int RunBench(const Program& program, const Arguments& arguments) {
  return bench::Bench(arguments, *program.registry, program.resources);
}

}  // namespace

Verb BenchVerb() {
  return {
      .name = "bench",
      .summary = "how fast the bus is over a transport, and the bare medium beside it",
      .usage = "",
      .description =
          "Measures whole calls between two processes, through Channel and Port, every payload\n"
          "verified on both sides. docs/benchmarks.md explains what is measured and how.\n"
          "\n"
          "  latency     one blocking call at a time: the round trip\n"
          "  throughput  one-way messages as fast as they go, counted by the receiver\n"
          "  fanin       calls on many connections to one server\n",
      .flags = bench::Options::Flags(),
      .operands_max = 1,  // none: Options says what was meant
      .run = RunBench};
}

}  // namespace jackfield
