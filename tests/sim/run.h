// One simulated run: a few programs that call each other under seeded faults, and what was wrong
// with it, if anything.
#ifndef JACKFIELD_TESTS_SIM_RUN_H_
#define JACKFIELD_TESTS_SIM_RUN_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace jackfield::sim_test {

struct RunResult {
  uint64_t trace_hash = 0;
  uint64_t frames = 0;
  uint64_t calls = 0;
  std::array<uint64_t, 4> outcomes{};  // by kernel/base/outcome.h
  uint64_t losses = 0;
  std::string scenario;  // sizes and faults of this seed, for people
  std::vector<std::string> violations;
};

RunResult RunSeed(uint64_t seed);

}  // namespace jackfield::sim_test

#endif  // JACKFIELD_TESTS_SIM_RUN_H_
