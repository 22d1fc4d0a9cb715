// Runs many seeds: sweep [--seeds=10000] [--first=1] [--verbose]. Each seed runs twice for every
// hundredth, to see that it gives the same trace. Prints what was violated, with the seed; exit 1
// if anything was.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "tests/sim/run.h"

using jackfield::sim_test::RunResult;
using jackfield::sim_test::RunSeed;

namespace {

constexpr uint64_t kSayEvery = 1'000;
constexpr uint64_t kTwiceEvery = 100;
constexpr uint64_t kFailuresMax = 20;  // seeds that are told of; then it gives up

uint64_t Value(std::string_view argument, std::string_view key, uint64_t otherwise) {
  if (!argument.starts_with(key)) return otherwise;
  return std::strtoull(argument.data() + key.size(), nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t seeds = 10'000, first = 1;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    seeds = Value(argv[i], "--seeds=", seeds);
    first = Value(argv[i], "--first=", first);
    verbose |= std::string_view(argv[i]) == "--verbose";
  }
  uint64_t failures = 0, frames = 0, calls = 0, losses = 0, outcomes[4] = {};
  for (uint64_t seed = first; seed < first + seeds && failures < kFailuresMax; ++seed) {
    if (verbose) std::fprintf(stderr, "seed %llu\n", static_cast<unsigned long long>(seed));
    const auto began = std::chrono::steady_clock::now();
    RunResult result = RunSeed(seed);
    if (seed % kTwiceEvery == 0 && RunSeed(seed).trace_hash != result.trace_hash) {
      result.violations.push_back("the same seed gave another trace");
    }
    if (verbose) {
      std::fprintf(stderr, "  %lld us, %llu calls, %llu frames, trace %016llx: %s\n",
                   static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(
                                              std::chrono::steady_clock::now() - began)
                                              .count()),
                   static_cast<unsigned long long>(result.calls),
                   static_cast<unsigned long long>(result.frames),
                   static_cast<unsigned long long>(result.trace_hash), result.scenario.c_str());
    }
    frames += result.frames, calls += result.calls, losses += result.losses;
    for (size_t i = 0; i < 4; ++i) outcomes[i] += result.outcomes[i];
    if (!result.violations.empty()) {
      ++failures;
      std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                  result.scenario.c_str());
      for (size_t i = 0; i < result.violations.size() && i < 10; ++i)
        std::printf("  %s\n", result.violations[i].c_str());
      std::fflush(stdout);
    }
    if ((seed - first + 1) % kSayEvery == 0)
      std::fprintf(stderr, "%llu seeds done\n", static_cast<unsigned long long>(seed - first + 1));
  }
  std::printf(
      "%llu seeds from %llu: %llu failed; %llu calls (%llu ok, %llu refused, %llu failed, %llu in "
      "doubt), %llu frames, %llu losses\n",
      static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(first),
      static_cast<unsigned long long>(failures), static_cast<unsigned long long>(calls),
      static_cast<unsigned long long>(outcomes[0]), static_cast<unsigned long long>(outcomes[1]),
      static_cast<unsigned long long>(outcomes[2]), static_cast<unsigned long long>(outcomes[3]),
      static_cast<unsigned long long>(frames), static_cast<unsigned long long>(losses));
  return failures == 0 ? 0 : 1;
}
