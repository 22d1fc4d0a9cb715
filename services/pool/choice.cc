#include "services/pool/choice.h"

#include <algorithm>

#include "kernel/base/fnv.h"

namespace jackfield {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

// All bits of the result depend on all bits of `x` (the finalizer of SplitMix64).
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 0..count-1, by 32 random bits.
size_t Pick(uint32_t random, size_t count) {
  return static_cast<size_t>((uint64_t{random} * count) >> 32);
}

}  // namespace

size_t ChooseOne(std::span<const Candidate> candidates, uint64_t random, size_t avoided) {
  if (candidates.size() == 1) return 0;
  Fitness best = Fitness::kEnded;
  for (const Candidate& candidate : candidates) best = std::min(best, candidate.fitness);
  const auto counts = [&](size_t i, size_t but) {
    return candidates[i].fitness == best && i != but;
  };
  size_t count = 0;
  for (size_t i = 0; i < candidates.size(); ++i) count += counts(i, avoided) ? 1 : 0;
  if (count == 0) return avoided;
  // Of those that count, but for the one at `but`, the one in that place.
  const auto at = [&](size_t place, size_t but) {
    size_t i = 0;
    for (;; ++i) {
      if (counts(i, avoided) && i != but && place-- == 0) return i;
    }
  };
  const size_t first = at(Pick(static_cast<uint32_t>(random), count), kNobody);
  if (count == 1) return first;
  const size_t second = at(Pick(static_cast<uint32_t>(random >> 32), count - 1), first);
  return candidates[second].calls_under_way < candidates[first].calls_under_way ? second : first;
}

uint64_t HashOf(std::string_view text) { return Mix(Fnv1a64(text)); }

uint64_t HashOf(uint64_t number) { return Mix(number + kGolden); }

size_t ChooseByKey(std::span<const uint64_t> names, uint64_t key) {
  size_t best = 0;
  uint64_t highest = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    const uint64_t weight = Mix(names[i] ^ key);
    if (i == 0 || weight > highest) {
      best = i;
      highest = weight;
    }
  }
  return best;
}

}  // namespace jackfield
