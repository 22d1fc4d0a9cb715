// The command line of `load`.
//
// Thread: the main one; plain values.
#ifndef JACKFIELD_TOOLS_LOAD_OPTIONS_H_
#define JACKFIELD_TOOLS_LOAD_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/cli/arguments.h"
#include "tools/load/assertion.h"
#include "tools/load/schedule.h"
#include "tools/load/template.h"

namespace jackfield::load {

inline constexpr int64_t kDurationNs = 10'000'000'000;  // of a run, unless the user says otherwise
inline constexpr int64_t kPairDurationNs = 1'000'000'000;  // of each run of --against
inline constexpr int64_t kStepNs = 5'000'000'000;
inline constexpr int64_t kDrainNs = 5'000'000'000;
inline constexpr uint64_t kWaitingMax = 1'000'000;
inline constexpr uint32_t kConnectionsMost = 4096;
inline constexpr uint32_t kOutMost = 1'000'000;
inline constexpr uint32_t kPairs = 10, kPairsLeast = 4, kPairsMost = 1000;
inline constexpr double kRateToBegin = 100;  // of --find, a second

struct Options {
  // Of this verb alone: --data, --timeout, --wiring and --output are common ones.
  static std::vector<Flag> Flags();
  // `read`: of --times. Errors: INVALID_ARGUMENT: which flag, and what it should be; those of read.
  static absl::StatusOr<Options> Parse(const Arguments& arguments, const ReadFile& read);

  // Evenly, or as a Poisson process by the seed.
  Arrivals ArrivalsOf(const Profile& profile) const {
    return poisson ? Arrivals::Poisson(profile, seed) : Arrivals::Evenly(profile);
  }
  std::string ScheduleText(const Profile& profile) const;  // "2000/s for 5s, evenly"

  std::optional<Profile> profile;  // of --rate, --steps, --ramp; nothing with --times, --find alone
  std::vector<int64_t> moments_ns;  // of --times
  int64_t duration_ns = kDurationNs;
  bool poisson = false;
  uint64_t seed = 1;
  uint32_t processes = 1, connections = 1, out_max = 0;
  uint64_t waiting_max = kWaitingMax;
  int64_t drain_ns = kDrainNs;
  std::optional<double> lag_share_most;  // nothing: --lag-max off
  uint64_t pool = 0;
  std::optional<std::string> requests_file, csv_file, hgrm_file, html_file;
  std::vector<Assertion> assertions;
  std::optional<Assertion> find;
  std::optional<std::string> against;
  uint32_t pairs = kPairs;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_OPTIONS_H_
