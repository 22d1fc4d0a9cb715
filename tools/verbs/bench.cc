#include "tools/verbs/bench.h"

#include "tools/bench/bench.h"

namespace jackfield {
namespace {

int RunBench(const Program& program, int argc, char** argv) {
  return bench::BenchMain(argc - 1, argv + 1, *program.registry);
}

}  // namespace

Verb BenchVerb() {
  return {.name = "bench",
          .summary = "how fast the bus is over a transport, and the bare medium beside it",
          .usage = "[--over SCHEME…] [--mode latency|throughput|fanin] [--floor] …",
          .description = "",
          .run_words = RunBench};
}

}  // namespace jackfield
