// The instructions that a tracee went through once, and how it comes to one of them again without
// going through all before it: by a breakpoint at an anchor, an instruction before it that few
// passes lead to, and steps from there. So a sweep of N instructions costs about N runs, and not
// N²/2 steps.
//
// An instruction that repeats itself (`rep stosb`) counts once for each of its repetitions: a kill
// may come between any two.
//
// Only for x86-64, whose breakpoint is one byte; elsewhere each way is all steps.
//
// Thread: any one.
#ifndef JACKFIELD_TESTS_KILL_PATH_H_
#define JACKFIELD_TESTS_KILL_PATH_H_

#include <cstdint>
#include <utility>

#include "tests/kill/page_vector.h"

namespace jackfield::kill_test {

struct Way {
  uint64_t breakpoint = 0;  // an instruction's address; 0: none
  uint32_t passes = 0;      // how often it is come to before the time that counts
  uint64_t steps = 0;       // from there, or from the beginning
};

class Path {
 public:
  Path() = default;
  // One that is finished: what all and all_alike gave.
  Path(PageVector<uint64_t> at, PageVector<uint8_t> alike)
      : at_(std::move(at)), alike_(std::move(alike)) {
    Finish();
  }

  // The address of the instruction that is next after so many as Add was called before. alike: a
  // kill here leaves all others as a kill one instruction earlier does.
  void Add(uint64_t instruction, bool alike) {
    at_.push_back(instruction);
    alike_.push_back(alike);
  }
  // Once, after the last Add and before the first To.
  void Finish();

  // How many instructions it has: kill points are 0 … instructions(), the last one at its end.
  uint64_t instructions() const { return at_.empty() ? 0 : at_.size() - 1; }
  // Requires: after ≤ instructions(), and an Add.
  uint64_t at(uint64_t after) const { return at_[after]; }
  const PageVector<uint64_t>& all() const { return at_; }
  const PageVector<uint8_t>& all_alike() const { return alike_; }
  bool alike(uint64_t after) const { return alike_[after] != 0; }
  // Requires: after ≤ instructions(), or no instruction is known: then it is all steps.
  Way To(uint64_t after) const;

 private:
  struct Anchor {
    uint32_t passes = 0;       // of the same address before, the beginning's excepted
    uint64_t passes_cost = 0;  // in steps
  };

  PageVector<uint64_t> at_;
  PageVector<uint8_t> alike_;   // each of these
  PageVector<Anchor> anchors_;  // and of these belongs to one of them
};

}  // namespace jackfield::kill_test

#endif  // JACKFIELD_TESTS_KILL_PATH_H_
