// The explorer's long form: explore [--preemptions=3] [--stale=3] [--kills=1]
// [--executions=N per scenario and mutant]. Prints a report; 1 if the code fails or a mutant lives.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/ring/scenario.h"

namespace jackfield::ring_model {
namespace {

bool Number(std::string_view argument, std::string_view flag, uint64_t* value) {
  if (argument.substr(0, flag.size()) != flag) return false;
  *value = std::strtoull(argument.data() + flag.size(), nullptr, 10);
  return true;
}

int Main(int argc, char** argv) {
  uint64_t preemptions = 3, stale = 3, kills = 1, executions = UINT64_MAX;
  for (int i = 1; i < argc; ++i) {
    if (Number(argv[i], "--preemptions=", &preemptions) || Number(argv[i], "--stale=", &stale) ||
        Number(argv[i], "--kills=", &kills) || Number(argv[i], "--executions=", &executions)) {
      continue;
    }
    std::fprintf(stderr, "explore: %s is not a flag of it; see the head of explore.cc\n", argv[i]);
    return 2;
  }
  const Bounds bounds = {static_cast<uint32_t>(preemptions), static_cast<uint32_t>(stale),
                         kills != 0, executions};
  uint64_t total = 0, steps = 0;
  int wrong = 0;
  for (int m = 0; m < static_cast<int>(Mutant::kEnd); ++m) {
    const auto mutant = static_cast<Mutant>(m);
    bool caught = false;
    for (const Scenario& scenario : Scenarios()) {
      const auto began = std::chrono::steady_clock::now();
      const Exploration result = Explore(scenario, mutant, bounds);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
      total += result.executions;
      steps += result.steps;
      caught |= !result.kept;
      if (mutant == Mutant::kNone) {
        std::printf("%-20.*s %10" PRIu64 " executions (%s), %10" PRIu64 " kills, %6.1f s: %s\n",
                    static_cast<int>(scenario.name.size()), scenario.name.data(), result.executions,
                    result.exhausted ? "all" : "not all", result.kills, took.count(),
                    result.kept ? "held" : result.failure.c_str());
      } else if (caught) {
        std::printf("mutant: %s: caught after %" PRIu64 " executions of \"%.*s\": %s\n",
                    std::string(NameOf(mutant)).c_str(), result.executions,
                    static_cast<int>(scenario.name.size()), scenario.name.data(),
                    result.failure.substr(0, result.failure.find(';')).c_str());
        break;
      }
      std::fflush(stdout);
    }
    if (mutant != Mutant::kNone && !caught) {
      std::printf("mutant: %s: LIVES\n", std::string(NameOf(mutant)).c_str());
    }
    if (caught != (mutant != Mutant::kNone)) ++wrong;
  }
  std::printf("%" PRIu64 " executions, %" PRIu64 " steps\n", total, steps);
  return wrong != 0 ? 1 : 0;
}

}  // namespace
}  // namespace jackfield::ring_model

int main(int argc, char** argv) { return jackfield::ring_model::Main(argc, argv); }
