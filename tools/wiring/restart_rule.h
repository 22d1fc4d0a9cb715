// When a service that has ended is started again: restart = { when = "on-failure", backoff =
// "100ms..10s", max = 5 }.
//
// The first restart is made at once. Where restarts follow each other the second waits for
// pause_least_ns, each further one twice as long, up to pause_most_ns. After restarts_max in a row
// the service is given up, and ends the wiring. A service that was ready for kSettledNs (if it
// serves nothing: that ran for so long) has settled: counting begins anew.
#ifndef JACKFIELD_TOOLS_WIRING_RESTART_RULE_H_
#define JACKFIELD_TOOLS_WIRING_RESTART_RULE_H_

#include <cstdint>

namespace jackfield {

inline constexpr int64_t kSettledNs = 10'000'000'000;
inline constexpr int64_t kPauseNsMax = 3'600'000'000'000;  // of `backoff`
inline constexpr uint32_t kRestartsMax = 1'000'000;        // of `max`

struct RestartRule {
  enum class When : uint8_t {
    kNever,      // its end ends the wiring, unless it was done
    kOnFailure,  // it died, or left while it was needed
    kAlways,     // also when it was done
  };
  When when = When::kNever;
  int64_t pause_least_ns = 100'000'000;
  int64_t pause_most_ns = 10'000'000'000;
  uint32_t restarts_max = 5;
  bool operator==(const RestartRule&) const = default;
};

}  // namespace jackfield

#endif  // JACKFIELD_TOOLS_WIRING_RESTART_RULE_H_
