// Chance that can be repeated: a generator whose whole course its seed decides, and the durations
// that addresses give as a range. For transports that invent a medium's weather: sim, chaos.
#ifndef JACKFIELD_TRANSPORTS_ENGINE_SEEDED_H_
#define JACKFIELD_TRANSPORTS_ENGINE_SEEDED_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace jackfield {

// SplitMix64: every seed, 0 included, is as good as any other.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t end) { return Next() % end; }  // 0..end-1. Requires: end > 0
  int64_t Between(int64_t min, int64_t max) {            // both included
    return min + static_cast<int64_t>(Below(static_cast<uint64_t>(max - min) + 1));
  }
  // True in `share` (0..1) of the cases. Takes one number even for 0, so that one knob does not
  // shift another's luck.
  bool Chance(double share) { return static_cast<double>(Next() >> 11) * 0x1p-53 < share; }

 private:
  uint64_t state_;
};

struct DurationRange {
  int64_t min_ns = 0;
  int64_t max_ns = 0;
  int64_t Draw(Random& random) const { return random.Between(min_ns, max_ns); }
};

// "1ms" or "1us..50us". Errors: INVALID_ARGUMENT (a duration that cannot be read, or a range that
// runs backwards).
absl::StatusOr<DurationRange> ParseDurationRange(std::string_view text);

// A seed: a decimal number. Errors: INVALID_ARGUMENT.
absl::StatusOr<uint64_t> ParseSeed(std::string_view text);

}  // namespace jackfield

#endif  // JACKFIELD_TRANSPORTS_ENGINE_SEEDED_H_
