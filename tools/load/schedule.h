// When the calls of a run are due: moments from its start, never "so long after the last one". A
// generator that comes late thereby makes up for it, and what it is late by is part of what it
// measures.
//
//   Arrivals arrivals = Arrivals::Poisson(Profile::Constant(2000, 5'000'000'000), 1);
//   while (!arrivals.done()) { …arrivals.next_ns()…; arrivals.Advance(1); }
//
// Thread: any; plain values. The same arguments give the same moments, on every machine.
#ifndef JACKFIELD_TOOLS_LOAD_SCHEDULE_H_
#define JACKFIELD_TOOLS_LOAD_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace jackfield::load {

inline constexpr double kRateMost = 1e8;                    // calls a second
inline constexpr size_t kStagesMax = 16;                    // of one run
inline constexpr int64_t kLengthNsMax = 3'600'000'000'000;  // of one run

// A part of a run, in which the rate is constant or goes evenly from one to another.
struct Stage {
  double rate_begin, rate_end;  // calls a second; not both 0
  int64_t length_ns;
  bool constant() const { return rate_begin == rate_end; }
};

// Stages one after the other: how many calls are due by when.
class Profile {
 public:
  explicit Profile(std::vector<Stage> stages);
  static Profile Constant(double rate, int64_t length_ns) {
    return Profile({{rate, rate, length_ns}});
  }

  const std::vector<Stage>& stages() const { return stages_; }
  int64_t length_ns() const { return length_ns_; }
  double total() const { return total_; }  // that are due until the end
  // The moment at which `due` are. Requires: 0 <= due <= total()
  int64_t TimeNs(double due) const;
  // 0..stages().size() - 1; a moment behind the end counts to the last. `begin_ns`: of that stage.
  size_t StageAt(int64_t ns, int64_t* begin_ns) const;

 private:
  std::vector<Stage> stages_;
  int64_t length_ns_ = 0;
  double total_ = 0;
};

// The moments, one after the other.
class Arrivals {
 public:
  static Arrivals Evenly(Profile profile);  // call k when k are due
  // Independent of each other: as many users would. `seed` makes them others.
  static Arrivals Poisson(Profile profile, uint64_t seed);
  // Requires: none is before the one in front of it.
  static Arrivals At(std::vector<int64_t> moments_ns);

  bool done() const { return done_; }
  int64_t next_ns() const { return next_ns_; }  // Requires: !done()
  uint64_t number() const { return number_; }   // of that one, from 0
  void Advance(uint32_t by);                    // Requires: by >= 1
  const Profile& profile() const { return profile_; }
  uint64_t Left() const;  // how many there are, from next on

 private:
  enum class Kind { kEvenly, kPoisson, kAt };
  Arrivals(Kind kind, Profile profile) : kind_(kind), profile_(std::move(profile)) {}
  void Look();
  double NextGap();  // of a Poisson process with one arrival a second

  Kind kind_;
  Profile profile_;
  std::vector<int64_t> moments_ns_;
  uint64_t random_ = 0;
  double due_ = 0;
  uint64_t number_ = 0;
  int64_t next_ns_ = 0;
  bool done_ = false;
};

// "2000", "20k", "1.5M/s". Errors: INVALID_ARGUMENT: no rate, 0, or more than kRateMost.
absl::StatusOr<double> ParseRate(std::string_view text);
// "1000,2000,4000": a stage of `step_ns` each. Errors: INVALID_ARGUMENT.
absl::StatusOr<Profile> ParseSteps(std::string_view text, int64_t step_ns);
// "100..5000": one stage. Errors: INVALID_ARGUMENT.
absl::StatusOr<Profile> ParseRamp(std::string_view text, int64_t length_ns);
// A duration a line ("1.25ms"), from the start; empty lines and those that begin with # say
// nothing. Errors: INVALID_ARGUMENT, which names the line: no duration, before the line above it,
// beyond kLengthNsMax; or there is none.
absl::StatusOr<std::vector<int64_t>> ParseMoments(std::string_view text);

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_SCHEDULE_H_
