#include "transports/engine/seeded.h"

#include <charconv>

#include "kernel/base/text.h"
#include "kernel/base/units.h"

namespace jackfield {

absl::StatusOr<DurationRange> ParseDurationRange(std::string_view text) {
  const size_t dots = text.find("..");
  absl::StatusOr<int64_t> min_ns = ParseDurationNs(text.substr(0, dots));
  if (!min_ns.ok()) return min_ns.status();
  if (dots == std::string_view::npos) return DurationRange{*min_ns, *min_ns};
  absl::StatusOr<int64_t> max_ns = ParseDurationNs(text.substr(dots + 2));
  if (!max_ns.ok()) return max_ns.status();
  if (*max_ns < *min_ns) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(text), "\" runs backwards; write the shorter duration first"));
  }
  return DurationRange{*min_ns, *max_ns};
}

absl::StatusOr<uint64_t> ParseSeed(std::string_view text) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    return absl::InvalidArgumentError(
        Text("\"", Escaped(text), "\" is not a seed; write a number, such as 7"));
  }
  return seed;
}

}  // namespace jackfield
