#include "tools/supervisor/restarts.h"

#include <algorithm>

namespace jackfield {

std::optional<int64_t> Restarts::Next(bool failed, int64_t up_ns) {
  if (rule_.when == RestartRule::When::kNever) return std::nullopt;
  if (rule_.when == RestartRule::When::kOnFailure && !failed) return std::nullopt;
  if (up_ns >= kSettledNs) in_a_row_ = 0;
  if (used_up()) return std::nullopt;
  ++total_;
  if (++in_a_row_ == 1) return 0;
  int64_t pause_ns = rule_.pause_least_ns;
  for (uint32_t i = 2; i < in_a_row_ && pause_ns < rule_.pause_most_ns; ++i) pause_ns *= 2;
  return std::min(pause_ns, rule_.pause_most_ns);
}

}  // namespace jackfield
