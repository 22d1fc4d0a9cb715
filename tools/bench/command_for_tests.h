// `jackfield bench` as a user calls it, in this process: for its tests.
#ifndef JACKFIELD_TOOLS_BENCH_COMMAND_FOR_TESTS_H_
#define JACKFIELD_TOOLS_BENCH_COMMAND_FOR_TESTS_H_

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/bench/bench.h"
#include "tools/bench/options.h"
#include "tools/cli/program.h"
#include "transports/builtin.h"

namespace jackfield::bench {

struct Ended {
  int status;
  std::string out, err;
};

inline Ended Bench(std::vector<std::string> args) {
  Registry registry;
  AddBuiltinTransports(registry);
  Program program;
  program.registry = &registry;
  program.machine = BuiltinMachineChecks();
  program.verbs.push_back({.name = "bench",
                           .summary = "",
                           .usage = "",
                           .description = "",
                           .flags = Options::Flags(),
                           .operands_max = 1,
                           .run = Bench});
  args.insert(args.begin(), {"jackfield", "bench"});
  std::vector<char*> pointers;
  for (std::string& arg : args) pointers.push_back(arg.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.status = RunProgram(program, static_cast<int>(pointers.size()), pointers.data());
  ended.out = testing::internal::GetCapturedStdout();
  ended.err = testing::internal::GetCapturedStderr();
  return ended;
}

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_COMMAND_FOR_TESTS_H_
