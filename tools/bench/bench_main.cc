// The bench as a program of its own, for work on the bench and on transports.
#include "kernel/registry.h"
#include "tools/bench/bench.h"
#include "transports/builtin.h"

int main(int argc, char** argv) {
  jackfield::Registry registry;
  jackfield::AddBuiltinTransports(registry);
  return jackfield::bench::BenchMain(argc - 1, argv + 1, registry);
}
