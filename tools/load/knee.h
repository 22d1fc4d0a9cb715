// The search for the highest rate that a service stands: doubles while it does (or halves while it
// does not), then bisects.
//
//   Knee knee(100);
//   while (!knee.done()) knee.Tell(…does it hold at knee.rate()?…);
//
// Thread: any; a plain value.
#ifndef JACKFIELD_TOOLS_LOAD_KNEE_H_
#define JACKFIELD_TOOLS_LOAD_KNEE_H_

#include "tools/load/schedule.h"

namespace jackfield::load {

inline constexpr double kKneeWidth = 1.05;   // where it ends: what does not hold, by what does
inline constexpr double kKneeRateLeast = 1;  // calls a second

class Knee {
 public:
  explicit Knee(double rate) : rate_(rate) {}

  bool done() const { return done_; }
  double rate() const { return rate_; }  // to be tried next
  void Tell(bool holds) {
    (holds ? holds_ : fails_) = rate_;
    if (fails_ == 0) {
      rate_ *= 2;
      done_ = rate_ > kRateMost;
    } else if (holds_ == 0) {
      rate_ /= 2;
      done_ = rate_ < kKneeRateLeast;
    } else {
      rate_ = (holds_ + fails_) / 2;
      done_ = fails_ <= holds_ * kKneeWidth;
    }
  }
  double holds() const { return holds_; }  // the highest that does; 0: none
  double fails() const { return fails_; }  // the lowest that does not; 0: none

 private:
  double rate_, holds_ = 0, fails_ = 0;
  bool done_ = false;
};

}  // namespace jackfield::load

#endif  // JACKFIELD_TOOLS_LOAD_KNEE_H_
