// How many turns in a row something may be awake with nothing to do before it rests. A look at what
// is quiet costs a system call, and so do rest and being woken, of both. Where few are awake the
// next frame is likely to come soon, to one of these; where many are, most looks are in vain. So
// the number is learned from what looks have brought lately: it falls while more than kVainMax
// looks are in vain for one that is useful, and grows while less than half of that are. Looks that
// cost nothing (Pumped::look_costs_) are never in vain, and what is looked at so has the most.
//
// Thread: its loop's.
#ifndef JACKFIELD_KERNEL_LOOP_QUIET_TURNS_H_
#define JACKFIELD_KERNEL_LOOP_QUIET_TURNS_H_

#include <cstddef>
#include <cstdint>

namespace jackfield {

class QuietTurns {
 public:
  static constexpr uint32_t kMost = 16;
  static constexpr size_t kFewAwake = 8;  // so many keep kMost, whatever their looks bring
  static constexpr uint32_t kVainMax = 2;

  // 0: it rests as soon as it has done what there was, without a look in vain.
  uint32_t most() const { return most_; }
  // After a pass: so many were awake; so many looks have found something, and so many were in vain.
  // What passes brought before counts an eighth less with each.
  void Note(size_t awake, uint32_t useful, uint32_t vain) {
    if (awake <= kFewAwake) [[likely]]
      most_ = kMost;
    else
      Learn(useful, vain);
  }

 private:
  static constexpr uint32_t kOne = 16;
  void Learn(uint32_t useful, uint32_t vain) {
    useful_ += useful * kOne - useful_ / 8;
    vain_ += vain * kOne - vain_ / 8;
    if (vain_ > kVainMax * useful_)
      learned_ -= learned_ > 0;
    else if (vain_ < kVainMax * useful_ / 2)
      learned_ += learned_ < kMost;
    most_ = learned_;
  }

  uint32_t most_ = kMost, learned_ = kMost;
  uint32_t useful_ = 0, vain_ = 0;  // in 1/kOne
};

}  // namespace jackfield

#endif  // JACKFIELD_KERNEL_LOOP_QUIET_TURNS_H_
